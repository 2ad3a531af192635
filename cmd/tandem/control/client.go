package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// ErrUnreachable says that nobody answers on the socket: exit 6.
var ErrUnreachable = errors.New("no running tandem answers")

// maxAnswer bounds what a client reads.
const maxAnswer = 64 << 20

// askTimeout is longer than the server takes for any answer.
const askTimeout = answerTimeout + 5*time.Second

// Client asks a running gateway. It implements Backend.
type Client struct {
	path string
	http *http.Client
}

var _ Backend = (*Client)(nil)

// NewClient gives a client for a socket. Nothing is opened yet.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err != nil {
			return nil, err
		}
		return trusted(conn)
	}
	return &Client{path, &http.Client{Timeout: askTimeout, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// trusted closes a connection to a server of another user: it would only pretend to be the gateway. Root asks anybody's.
func trusted(conn net.Conn) (net.Conn, error) {
	uid, err := peer(conn)
	if err == nil && os.Getuid() != 0 && uid != 0 && uid != os.Getuid() {
		err = fmt.Errorf("the socket belongs to user %d", uid)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// API asks the gateway's HTTP API, /v1, over the socket. body is sent as JSON, nil for none; the answer is read into into, which may be nil.
func (c *Client) API(ctx context.Context, method, path string, body, into any) error {
	if into == nil {
		into = new(any)
	}
	return c.ask(ctx, method, path, body, into)
}

// Stream asks for a stream of the API, such as its events, and gives each line to fn until fn gives an error or ctx ends.
func (c *Client) Stream(ctx context.Context, path string, fn func(line string) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://tandem"+path, nil)
	if err != nil {
		return err
	}
	endless := *c.http
	endless.Timeout = 0
	resp, err := endless.Do(req)
	if err != nil {
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.path, cause(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		return refusal(resp.StatusCode, raw)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	for lines.Scan() {
		if err := fn(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (c *Client) ask(ctx context.Context, method, path string, body, into any) error {
	var out io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		out = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://tandem"+path, out)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.path, cause(err))
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.path, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return refusal(resp.StatusCode, raw)
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("answer of the running tandem: %w", err)
	}
	return nil
}

// cause leaves out the made-up address of the request.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refused is an error that the server told, with the sentinel of its status.
type refused struct {
	kind error
	text string
}

// Error gives the server's words.
func (r *refused) Error() string { return r.text }

// Unwrap gives the sentinel.
func (r *refused) Unwrap() error { return r.kind }

func refusal(status int, raw []byte) error {
	var f failure
	var p struct { // the API's way to say it, RFC 9457
		Detail, Do string
		Errors     []struct{ Location, Message string }
	}
	if json.Unmarshal(raw, &f) != nil || f.Error == "" {
		f.Error = http.StatusText(status)
		if json.Unmarshal(raw, &p) == nil && p.Detail != "" {
			f.Error = strings.TrimSuffix(p.Detail+"; "+p.Do, "; ")
			for _, e := range p.Errors {
				f.Error += "\n  " + e.Location + ": " + e.Message
			}
		}
	}
	kinds := map[int]error{http.StatusNotFound: ErrNotFound, http.StatusConflict: ErrConflict, http.StatusBadRequest: ErrInvalid,
		http.StatusUnprocessableEntity: ErrInvalid}
	return &refused{kinds[status], f.Error}
}

func get[T any](ctx context.Context, c *Client, path string) (v T, err error) {
	err = c.ask(ctx, http.MethodGet, path, nil, &v)
	return v, err
}

func post[T any](ctx context.Context, c *Client, path string, body any) (v T, err error) {
	err = c.ask(ctx, http.MethodPost, path, body, &v)
	return v, err
}

// Status implements Backend.
func (c *Client) Status(ctx context.Context) (Status, error) { return get[Status](ctx, c, "/status") }

// Calls implements Backend.
func (c *Client) Calls(ctx context.Context) ([]Call, error) { return get[[]Call](ctx, c, "/calls") }

// Call implements Backend.
func (c *Client) Call(ctx context.Context, id string) (Call, error) {
	return get[Call](ctx, c, "/calls/"+url.PathEscape(id))
}

// Trace implements Backend.
func (c *Client) Trace(ctx context.Context, id string) ([]TraceLine, error) {
	return get[[]TraceLine](ctx, c, "/calls/"+url.PathEscape(id)+"/trace")
}

// Hangup implements Backend.
func (c *Client) Hangup(ctx context.Context, id string) error {
	_, err := post[struct{}](ctx, c, "/calls/"+url.PathEscape(id)+"/hangup", nil)
	return err
}

// RecordCall implements Backend.
func (c *Client) RecordCall(ctx context.Context, id string, do RecordDo) error {
	_, err := post[struct{}](ctx, c, "/calls/"+url.PathEscape(id)+"/record/"+url.PathEscape(string(do)), nil)
	return err
}

// Why implements Backend.
func (c *Client) Why(ctx context.Context, item string) (Why, error) {
	return get[Why](ctx, c, "/why/"+url.PathEscape(item))
}

// Queues implements Backend.
func (c *Client) Queues(ctx context.Context) ([]Queue, error) { return get[[]Queue](ctx, c, "/queues") }

// Queue implements Backend.
func (c *Client) Queue(ctx context.Context, name string) (Queue, error) {
	return get[Queue](ctx, c, "/queues/"+url.PathEscape(name))
}

// Agents implements Backend.
func (c *Client) Agents(ctx context.Context) ([]Agent, error) { return get[[]Agent](ctx, c, "/agents") }

// SetAgent implements Backend.
func (c *Client) SetAgent(ctx context.Context, id string, to AgentChange) (Agent, error) {
	return post[Agent](ctx, c, "/agents/"+url.PathEscape(id), to)
}

// Endpoints implements Backend.
func (c *Client) Endpoints(ctx context.Context) ([]Endpoint, error) {
	return get[[]Endpoint](ctx, c, "/endpoints")
}

// Nodes implements Backend.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) { return get[[]Node](ctx, c, "/nodes") }

// Trunks implements Backend.
func (c *Client) Trunks(ctx context.Context) ([]Trunk, error) { return get[[]Trunk](ctx, c, "/trunks") }

// TestTrunk implements Backend.
func (c *Client) TestTrunk(ctx context.Context, name string) (TrunkTest, error) {
	return post[TrunkTest](ctx, c, "/trunks/"+url.PathEscape(name)+"/test", nil)
}

// Record implements Backend.
func (c *Client) Record(ctx context.Context, id string) (Record, error) {
	return get[Record](ctx, c, "/records/"+url.PathEscape(id))
}

// SearchRecords implements Backend.
func (c *Client) SearchRecords(ctx context.Context, q RecordQuery) ([]Record, error) {
	v := url.Values{}
	set := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}
	set("text", q.Text)
	set("state", q.State)
	if !q.Since.IsZero() {
		set("since", q.Since.Format(time.RFC3339Nano))
	}
	if q.Limit > 0 {
		set("limit", strconv.Itoa(q.Limit))
	}
	return get[[]Record](ctx, c, "/records?"+v.Encode())
}
