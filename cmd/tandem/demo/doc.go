// Package demo holds what Tandem shows without any set-up: a complete configuration, flows and prompts, embedded in the
// binary.
//
// Nouns: Config is tandem.yaml; Flows and Prompts are file systems of the folders beside it.
//
// Obligations of the caller: give it an address that others cannot reach. Its phones have a password that everybody knows;
// config.Exposed says so.
//
// What it does not do: write files. `tandem demo` decides where its data goes.
package demo
