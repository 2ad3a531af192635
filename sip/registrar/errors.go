package registrar

import "fmt"

// refusal is the final answer to a REGISTER that changes nothing.
type refusal struct {
	status     int
	reason     string
	header     string // one more header, "" for none
	value      string
	retryAfter int // seconds; 0 for none
}

// Error makes a refusal an error inside the room.
func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.reason) }

func refuse(status int, reason string) *refusal { return &refusal{status: status, reason: reason} }
