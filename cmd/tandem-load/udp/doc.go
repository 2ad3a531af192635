// Package udp is a UDP socket for load: read in batches, with the kernel's time of receipt, and a buffer that is large enough
// that the load itself loses nothing.
//
// Obligations of the caller: one goroutine for each Socket; what Receive hands over is valid during the call only. For Linux
// and IPv4.
package udp
