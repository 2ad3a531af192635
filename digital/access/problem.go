package access

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Problem is an error as it is answered: RFC 9457, with what to do about it.
type Problem struct {
	Type    string        `json:"type,omitempty" doc:"about:blank, or a name of this kind of problem"`
	Title   string        `json:"title" doc:"What the status says"`
	Status  int           `json:"status"`
	Detail  string        `json:"detail,omitempty" doc:"What is wrong"`
	Do      string        `json:"do,omitempty" doc:"What to do about it"`
	Errors  []ProblemItem `json:"errors,omitempty" doc:"Each fault and its place"`
	Request string        `json:"request,omitempty" doc:"The request's id: logs name it"`

	RetryAfter time.Duration `json:"-"` // for the header
}

// ProblemItem is one fault of a request.
type ProblemItem struct {
	Where   string `json:"where,omitempty" doc:"Like body.number, query.limit or header.If-Match"`
	Message string `json:"message"`
}

// Error is the detail, or the title.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return http.StatusText(p.Status)
}

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType turns JSON into problem+json.
func (p *Problem) ContentType(ct string) string {
	if ct == "application/json" {
		return "application/problem+json"
	}
	return ct
}

// GetHeaders gives what stands beside the body.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="tandem"`)
	}
	return h
}

// Complete fills in title and request id.
func (p *Problem) Complete(requestID string) {
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	p.Request = requestID
}

// WriteProblem answers a request by a problem.
func WriteProblem(w http.ResponseWriter, r *http.Request, p Problem) {
	p.Complete(RequestID(r.Context()))
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Del("Content-Length")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(p) // the client has gone: nothing to tell anybody
	}
}
