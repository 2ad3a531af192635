// Package config reads the configuration of Tandem: a YAML file or a folder of them, composed of the rooms' own
// configurations.
//
// Nouns: Config is what was read, with defaults; Load reads and checks it; Problems holds every fault of the run with file,
// line and column; Show prints what is in force, secrets as references.
//
//	files ─► source.Reader (strict) ─► Config ─► rooms' Validate ─► cross references ─► flows ─► Config, or every fault
//
// Obligations of the caller:
//  1. Use a Config only when Load gave no error.
//  2. Treat it as immutable; a reload loads another one.
//  3. Call Exposed before listening: it names why a set-up must not face a network.
//
// Ownership: none; values only. Load reads files and the environment, nothing else.
//
// What it does not do: apply changes, or open anything.
package config
