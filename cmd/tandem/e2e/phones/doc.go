// Package phones proves the main job with a real softphone on both sides: baresip registers as an agent, another dials the demo's
// number over a trunk, hears the prompt, presses a key, waits, and they talk. There is nothing in it but tests.
//
// A test judges what each phone recorded, what the gateway recorded, and every line that it tells of the call.
package phones
