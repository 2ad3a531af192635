// Package browser drives the pages in a real Chromium: the agent's desk, the visitor's chat, the demo's customer page. The scenarios are
// JavaScript in pages/, run by Node with playwright-core; what they leave behind in the gateway is judged here.
//
// Nouns: a scenario is one file of pages/; a house is the demo's plan in a gateway of its own; a walk is a scenario that goes in step with
// its test (meet.mjs), which moves telephones meanwhile; a line is a trunk's caller, an agent at a page, and a desk phone.
//
// Obligations of the caller: install Chromium, Node and baresip, and run npm ci in pages/ (`make peers` does); a missing one fails the test.
//
// Ownership: each test has its own gateway and browser.
//
// What it does not do: judge looks. With TANDEM_SHOTS=folder the scenarios leave screenshots for that.
package browser
