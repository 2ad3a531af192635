// Package source reads YAML strictly into Go structs and keeps the position of everything it read, so that each room can
// report what is wrong with file, line, column, the source line and a caret. The whole configuration and all flow files
// go through it.
//
// Nouns: a Reader fills one struct from one or many files; a Pos is a place in a file; a Fault is one complaint; Faults
// collects the complaints of a run; an At is a path in the read value ("trunks.carrier-a.address") that knows its place.
//
// Reading is strict: an unknown key, a key given twice (in one file or in two), a wrong type or a second document is a
// fault with the nearest right key. Scalars are decoded from their raw text, so an unquoted 0123 stays "0123".
//
// Struct tags: `yaml:"name"` names the key (default: the field's name in snake_case), with options after a comma:
// required (must be given), name (a string that receives the key under which the struct stands in a map), short (a scalar
// or list standing in place of the struct is decoded into this field), inline (the struct's fields belong to the parent);
// "-" skips a field. `default:"20s"` is decoded when the key is absent.
//
// Obligations of the caller:
//  1. Give pointers to structs; anything else, and a field type that cannot hold YAML, panics.
//  2. Call Read for every file, then Finish once: only Finish applies required and Validate.
//  3. Use the value only if Faults has no errors.
//  4. Never print Secret.Reveal.
//
// Ownership: a Reader and its Faults belong to one goroutine. What it does not do: open files, watch them, merge keys
// (<<), custom tags or more than one document in a file. Files are bounded by MaxBytes, MaxNodes and MaxDepth, aliases
// counted as often as they are used.
package source
