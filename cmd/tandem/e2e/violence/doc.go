// Package violence proves that a built gateway survives what no operator wants: kill -9 among live calls, a disk without space, no
// ports left, Redis gone, the order to end while people talk, and many calls at once for a while. Callers and agents are played by package
// phone with real audio, visitors and desks by sockets; the gateway runs as a process of its own. There is nothing in it but tests.
//
// A test judges what the peers heard, what the gateway had told before and must still tell after, and that nothing is left
// behind. The soak runs for some seconds; -long makes it 300 calls for two minutes,
// and fifty kills instead of four.
//
// What it does not do: measure, or prove single rules of SIP (see the package above).
package violence
