// Package storetest is the suite that every implementation of store.Store passes. The subtests bear the numbers of the
// contract in package store.
//
// Nouns: a Subject tells how to open an implementation; Run runs everything on it; Child is the process that gets killed.
//
// Obligations of the caller:
//  1. Subject.Open gives the same data for the same folder after Close, or after a kill where Durable is set.
//  2. Where Durable is set, call Child first in TestMain: the suite runs its own binary again to kill it.
//  3. Subject.Begin begins what Open needs beside the folder, and Subject.End ends it.
//  4. Subject.Break makes writes fail until the function that it gives is called; without it the fault tests use a file size
//     limit in a child process, which needs Durable.
//
// What it does not do: measure. Bench has the benchmarks.
package storetest
