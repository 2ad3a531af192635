// Package provider is the Carrier of package sms over any provider with an HTTP interface: what is sent and what is read is described
// in configuration, incoming requests are verified by signature.
//
//	Submit ─► queue ─ worker ─► POST provider ─► Result
//	provider ─ webhook ─► signature over the raw body ─► fields ─► Arrived | Fared ─ durable ─► 2xx
//
// Nouns: a Send describes the request that sends a text; a Webhook describes the requests that a provider makes; a Verifier knows a
// signature scheme; a path names a field: "sid", "messages.0.id".
//
// Obligations of the caller:
//  1. Mount Handler where the provider reaches it, with the prefix stripped; Webhook.Public is the address that the provider calls.
//  2. Secrets come as values; read them from the environment or a file, never from the configuration's text.
//  3. Run once; before, and after its end, webhooks are answered 503.
//
// Ownership: workers are started by Run and end with it; the handler is safe for any number of requests.
//
// It follows no redirect, calls no host but the configured ones, retries only what the provider recognises as a repeat, and gives
// secrets to no log.
package provider
