// Package nodes proves that two processes on one Redis are one site: phones and carriers at either of them, one owner of the calls,
// and another one within seconds when it dies. There is nothing in it but tests.
//
// Agents are real softphones that know the second node only; callers come by way of either.
package nodes
