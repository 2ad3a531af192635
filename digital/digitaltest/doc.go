// Package digitaltest is what every adapter passes, and a house to test in.
//
// Nouns: House (records, journal, dispatcher and router in memory, with faults on demand), Rig (an adapter and the provider's side of
// it), Run (the suite): messages in order, repeats of the provider, repeats and refusals of ours, failures of each kind, receipts,
// no message lost or doubled.
//
// Obligations of the caller: (1) Rig.Provider acts as the far side does, over the adapter's own protocol; (2) everything is closed
// by t.Cleanup; (3) a House is used by one hub at a time, and by a second one after the first is closed, as after a restart.
//
// What it does not do: judge a protocol's details; its own tests do.
package digitaltest
