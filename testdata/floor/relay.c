/* The floor of the relay benchmark: what an RTP relay costs when it does nothing but move packets.
 *
 * One thread, one level-triggered epoll set, a connected socket for each leg; each packet is read, its sequence number,
 * timestamp and SSRC are rewritten, and it is sent from the other leg. It checks nothing, counts nothing and knows no RTCP.
 *
 * usage: relay <calls> <peer A port> <peer B port>; prints the ports of both legs of each call; ends with its input.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct leg { int fd; int other; uint16_t seq; uint32_t ts, ssrc; };

static int open_leg(int peer, int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (void *)&a, sizeof a) || getsockname(fd, (void *)&a, &len))
		exit(1);
	*port = ntohs(a.sin_port);
	a.sin_port = htons(peer);
	if (connect(fd, (void *)&a, sizeof a))
		exit(1);
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int calls = atoi(argv[1]), set = epoll_create1(0);
	struct leg *legs = calloc(2 * calls, sizeof *legs);
	for (int i = 0; i < 2 * calls; i++) {
		int port;
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		legs[i] = (struct leg){ .fd = open_leg(atoi(argv[2 + i % 2]), &port), .other = i ^ 1, .seq = i, .ts = i, .ssrc = i };
		epoll_ctl(set, EPOLL_CTL_ADD, legs[i].fd, &ev);
		printf("%d\n", port);
	}
	fflush(stdout);
	struct epoll_event stdin_ev = { .events = EPOLLIN | EPOLLHUP, .data.u32 = UINT32_MAX };
	epoll_ctl(set, EPOLL_CTL_ADD, 0, &stdin_ev);
	for (;;) {
		struct epoll_event ev[256];
		int n = epoll_wait(set, ev, 256, -1);
		for (int i = 0; i < n; i++) {
			unsigned char b[2048];
			if (ev[i].data.u32 == UINT32_MAX)
				return 0;
			struct leg *from = &legs[ev[i].data.u32], *to = &legs[from->other];
			ssize_t size = recv(from->fd, b, sizeof b, 0);
			if (size < 12)
				continue;
			*(uint16_t *)(b + 2) = htons(ntohs(*(uint16_t *)(b + 2)) + to->seq);
			*(uint32_t *)(b + 4) = htonl(ntohl(*(uint32_t *)(b + 4)) + to->ts);
			*(uint32_t *)(b + 8) = htonl(to->ssrc);
			send(to->fd, b, size, 0);
		}
	}
}
