// Package panel is the backend of the demo's phone: simulated handsets that hang on the built-in message centre (digital/smpp/smsc), so
// that one can play the customer with nothing but a browser.
//
//	message centre ─ Take ─► Panel ─ handset by number ─► page (JSON, server-sent events)
//	page ─ Send ─► message centre ─ deliver_sm ─► Tandem
//
// Nouns: a handset is a number with its newest messages; a Message is one bubble on its screen; Seq counts a handset's messages from 1.
//
// Obligations of the caller:
//  1. Give Take to the message centre as Deps.Taken.
//  2. Mount Handler where only the demo's user reaches it: whoever has it writes in the name of any number.
//  3. Strip the prefix: paths are /{number}/messages and /{number}/events.
//
// Ownership: one mutex guards the handsets, held for a few instructions; events wake readers by a channel that is closed once.
//
// It does not keep anything over a restart, and knows no pictures.
package panel
