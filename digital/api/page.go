package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// List is a page of a list.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
}

// PageInput is how a page of a list is asked for.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries at most"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"The next of the page before"`
}

type listOutput[T any] struct {
	Body List[T]
}

// page reads the cursor.
func (in PageInput) page() (Page, error) {
	after, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	if err != nil {
		return Page{}, Refuse(fmt.Errorf("the cursor: %w", ErrInvalid), "query.cursor", "give the next of a page as it was, or nothing to begin")
	}
	return Page{After: string(after), Limit: in.Limit}, nil
}

func list[T any](items []T, next string) *listOutput[T] {
	out := &listOutput[T]{}
	out.Body.Items = items
	if items == nil {
		out.Body.Items = []T{}
	}
	out.Body.Next = base64.RawURLEncoding.EncodeToString([]byte(next))
	return out
}

// cut makes a page of a whole list that is ordered by key.
func cut[T any](whole []T, p Page, key func(T) string) *listOutput[T] {
	from := 0
	for from < len(whole) && p.After != "" && key(whole[from]) <= p.After {
		from++
	}
	whole = whole[from:]
	if len(whole) <= p.Limit {
		return list(whole, "")
	}
	return list(whole[:p.Limit], key(whole[p.Limit-1]))
}

// full makes a page of entries that were asked for with one more than the limit: whether there is a next page is known.
func full[T any](items []T, limit int, key func(T) string) *listOutput[T] {
	if len(items) <= limit {
		return list(items, "")
	}
	return list(items[:limit], key(items[limit-1]))
}

// etag is a version as an entity tag.
func etag(version uint64) string { return `"` + strconv.FormatUint(version, 10) + `"` }

// MatchInput is a change of what was read before.
type MatchInput struct {
	IfMatch string `header:"If-Match" maxLength:"64" doc:"The ETag that was read: the change is refused if it is another now"`
}

// version reads If-Match; 0 is whatever is there.
func (in MatchInput) version() (uint64, error) {
	text := strings.TrimSpace(in.IfMatch)
	if text == "" || text == "*" {
		return 0, nil
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`), 10, 64)
	if err != nil || n == 0 || etag(n) != text {
		return 0, Refuse(ErrVersion, "header.If-Match", "give one ETag as it was read, like \"7\"")
	}
	return n, nil
}

// SeenInput is a read of what may be known already.
type SeenInput struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"256" doc:"The ETag that is known: 304 if it still is"`
}

// unchanged answers 304 if the asker knows this version.
func (in SeenInput) unchanged(version uint64) error {
	tag := etag(version)
	for _, known := range strings.Split(in.IfNoneMatch, ",") {
		if strings.TrimPrefix(strings.TrimSpace(known), "W/") == tag {
			return &notModified{tag}
		}
	}
	return nil
}

// notModified is the answer 304.
type notModified struct{ tag string }

// Error says so.
func (n *notModified) Error() string { return "not modified" }

// GetStatus is 304.
func (n *notModified) GetStatus() int { return http.StatusNotModified }

// GetHeaders repeats the ETag.
func (n *notModified) GetHeaders() http.Header { return http.Header{"Etag": {n.tag}} }
