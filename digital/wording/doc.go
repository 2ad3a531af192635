// Package wording holds what the house itself says to customers in writing, in their languages: notices of a conversation, texts about
// callbacks and codes, and the pages of the chat. What flows say is theirs.
//
//	English text (in the code) ─ Words.In(language) ─► the site's own text, else the translation, else the English
//
// Nouns: a text is what stands in the code, in English, with {names} for what is filled in; a table translates all of them into one
// language; Words are the languages of a site, the first for everybody whose own is not among them.
//
// Obligations of the caller:
//  1. A text for the server is a constant here; one of a page is the literal in a call of t() of its module words.js.
//  2. Fill in after translating.
//
// Ownership: Words never change.
//
// It does not translate for agents, or what is spoken.
package wording
