package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/digital/access"
)

// samples is a right request for each route: its path and body.
var samples = map[string][2]string{
	"listQueues": {"/v1/queues"}, "showQueue": {"/v1/queues/sales"},
	"listAgents": {"/v1/agents"}, "showAgent": {"/v1/agents/anna"}, "setAgentState": {"/v1/agents/anna/state", `{"state":"away","reason":"lunch"}`},
	"signInAgent": {"/v1/agents/anna/sign-in", `{"ready":true}`}, "signOutAgent": {"/v1/agents/anna/sign-out"},
	"listItems": {"/v1/items"}, "showItem": {"/v1/items/i_1"}, "whyItem": {"/v1/items/i_1/why"}, "cancelItem": {"/v1/items/i_1/cancel"},
	"transferItem": {"/v1/items/i_1/transfer", `{"queue":"billing"}`},
	"listCalls":    {"/v1/calls"}, "originateCall": {"/v1/calls", `{"first":"agent:anna","then":"+4930123"}`}, "showCall": {"/v1/calls/c_1"},
	"traceCall": {"/v1/calls/c_1/trace"}, "hangUpCall": {"/v1/calls/c_1/hangup"}, "transferCall": {"/v1/calls/c_1/transfer", `{"to":"201"}`},
	"holdCall": {"/v1/calls/c_1/hold", `{"on":true}`}, "listConversations": {"/v1/conversations?state=open"},
	"openConversation": {"/v1/conversations", `{"channel":"chat","address":{"tel":"+4930123"}}`}, "showConversation": {"/v1/conversations/v_1"},
	"listMessages": {"/v1/conversations/v_1/messages?after=3"}, "sendMessage": {"/v1/conversations/v_1/messages", `{"text":"hello"}`},
	"closeConversation": {"/v1/conversations/v_1/close"}, "sendSMS": {"/v1/sms", `{"to":"+4930123","text":"hello"}`},
	"listCallbacks": {"/v1/callbacks"}, "requestCallback": {"/v1/callbacks", `{"number":"+4930123","queue":"sales"}`},
	"showCallback": {"/v1/callbacks/cb_1"}, "cancelCallback": {"/v1/callbacks/cb_1/cancel"},
	"searchRecords": {"/v1/records?text=x"}, "showRecord": {"/v1/records/r_1"}, "timeline": {"/v1/records/r_1/timeline"},
	"setAttributes": {"/v1/records/r_1/attributes", `{"set":{"a":"b"}}`}, "closeRecord": {"/v1/records/r_1/close", `{"outcome":"sold"}`},
	"searchCustomers": {"/v1/customers"}, "showCustomer": {"/v1/customers/k_1"}, "mergeCustomers": {"/v1/customers/k_1/merge", `{"other":"k_2"}`},
	"unmergeCustomers": {"/v1/customers/k_1/unmerge", `{"other":"k_2"}`}, "exportCustomer": {"/v1/customers/k_1/export"},
	"eraseCustomer": {"/v1/customers/k_1/erase", `{"confirm":"k_1"}`}, "issueLink": {"/v1/links", `{"purpose":"call","record":"r_1"}`},
	"listUsers": {"/v1/users"}, "createUser": {"/v1/users", `{"name":"eva","role":"admin"}`}, "showUser": {"/v1/users/eva"},
	"changeUser": {"/v1/users/eva", `{"role":"supervisor"}`}, "loginLink": {"/v1/users/eva/login-link"}, "removeUser": {"/v1/users/eva"},
	"listTokens": {"/v1/tokens"}, "issueToken": {"/v1/tokens", `{"name":"x","role":"agent","agent":"anna"}`}, "revokeToken": {"/v1/tokens/TOKEN"},
	"whoAmI": {"/v1/session"}, "signOut": {"/v1/session"}, "signIn": {"/v1/session", `{"user":"eva","password":"wrong password"}`},
	"listWebhooks": {"/v1/webhooks"}, "createWebhook": {"/v1/webhooks", `{"url":"https://127.0.0.1/hook"}`}, "showWebhook": {"/v1/webhooks/HOOK"},
	"changeWebhook": {"/v1/webhooks/HOOK", `{"name":"x"}`}, "rotateSecret": {"/v1/webhooks/HOOK/secret"}, "listDeliveries": {"/v1/webhooks/HOOK/deliveries"},
	"listDead": {"/v1/webhooks/HOOK/dead"}, "replayWebhook": {"/v1/webhooks/HOOK/replay"}, "removeWebhook": {"/v1/webhooks/HOOK"},
	"events": {"/v1/events"}, "health": {"/v1/health"},
}

// ours are the routes that no room answers.
var oursAlone = []string{"users", "tokens", "session", "webhooks", "events"}

// TestEveryRouteAndRole: nobody gets 401, a role that the row does not name 403 and no room hears of it, the others get through to one method.
func TestEveryRouteAndRole(t *testing.T) {
	roles := append(access.Roles(), "")
	for _, row := range routes {
		if row.id == "signIn" || row.id == "events" {
			continue // TestSession, TestEvents
		}
		r := newRig(t)
		for _, role := range roles {
			t.Run(row.id+" "+string(role), func(t *testing.T) {
				path, body := r.sample(row)
				w := r.call(role, row.method, path, body)
				asked := r.house.take()
				switch {
				case role == "":
					wantStatus(t, w, 401)
				case !slices.Contains(row.roles, role):
					wantStatus(t, w, 403)
				default:
					if w.Code/100 != 2 {
						t.Errorf("got %d: %s", w.Code, w.Body)
					}
					if want := 1; len(asked) != want && !slices.Contains(oursAlone, tag(row.path)) {
						t.Errorf("asked %v, want one method", asked)
					}
					return
				}
				if len(asked) > 0 {
					t.Errorf("who may not asked the room: %v", asked)
				}
			})
		}
	}
}

// sample makes what a route needs to exist.
func (r *rig) sample(row row) (path, body string) {
	s, ok := samples[row.id]
	if !ok {
		r.t.Fatalf("no sample for %s", row.id)
	}
	path = s[0]
	if tag(row.path) == "users" && row.id != "createUser" {
		r.call(access.Admin, "POST", "/v1/users", samples["createUser"][1])
		r.call(access.Admin, "POST", "/v1/users", `{"name":"other","role":"admin"}`)
	}
	if strings.Contains(path, "HOOK") {
		hook := decode[IssuedWebhook](r.t, r.call(access.Admin, "POST", "/v1/webhooks", samples["createWebhook"][1]))
		path = strings.Replace(path, "HOOK", hook.ID, 1)
	}
	if strings.Contains(path, "TOKEN") {
		issued := decode[IssuedToken](r.t, r.call(access.Admin, "POST", "/v1/tokens", samples["issueToken"][1]))
		path = strings.Replace(path, "TOKEN", issued.ID, 1)
	}
	return path, s[1]
}

// TestTable holds the table itself: every route has a sample and is well formed, and reading never changes.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range routes {
		if seen[r.method+r.path] {
			t.Errorf("%s %s twice", r.method, r.path)
		}
		seen[r.method+r.path] = true
		if _, ok := samples[r.id]; !ok {
			t.Errorf("no sample for %s", r.id)
		}
		if (r.method == get) != strings.HasSuffix(r.scope, ":read") && r.scope != "" && r.id != "exportCustomer" {
			t.Errorf("%s: a %s with scope %s", r.id, r.method, r.scope)
		}
		if r.roles != nil && !slices.Contains(r.roles, access.Admin) {
			t.Errorf("%s: not even an admin may", r.id)
		}
		if r.roles == nil && r.id != "signIn" {
			t.Errorf("%s is open to everybody", r.id)
		}
	}
	if len(samples) != len(routes) {
		t.Errorf("%d samples for %d routes", len(samples), len(routes))
	}
}

func TestScopes(t *testing.T) {
	r := newRig(t)
	r.tokens["narrow"] = r.token(access.Token{Name: "narrow", Role: access.Admin, Scopes: []string{"queues", "calls:read"}})
	wantStatus(t, r.call("narrow", "GET", "/v1/queues", ""), 200)
	wantStatus(t, r.call("narrow", "GET", "/v1/calls/c_1", ""), 200)
	wantStatus(t, r.call("narrow", "POST", "/v1/calls/c_1/hangup", ""), 403)
	wantStatus(t, r.call("narrow", "GET", "/v1/users", ""), 403)
	wantStatus(t, r.call("narrow", "GET", "/v1/session", ""), 200)
	wantStatus(t, r.call(access.Admin, "POST", "/v1/tokens", `{"name":"x","role":"admin","scopes":["everything"]}`), 422)
	wantStatus(t, r.call(access.Admin, "POST", "/v1/tokens", `{"name":"x","role":"admin","scopes":["calls:erase"]}`), 422)
}

// TestOwnAgentOnly: an agent acts for himself.
func TestOwnAgentOnly(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", "/v1/agents/anna/state", `{"state":"available"}`, 200},
		{"PUT", "/v1/agents/ben/state", `{"state":"available"}`, 403},
		{"POST", "/v1/agents/ben/sign-in", ``, 403},
		{"POST", "/v1/agents/ben/sign-out", ``, 403},
		{"POST", "/v1/calls", `{"then":"+4930123"}`, 201},
		{"POST", "/v1/calls", `{"first":"agent:ben","then":"+4930123"}`, 403},
		{"POST", "/v1/conversations/v/messages", `{"text":"x","from":"customer"}`, 403},
		{"POST", "/v1/links", `{"purpose":"call","record":"r_1","strength":"authenticated"}`, 403},
	} {
		wantStatus(t, r.call(access.Agent, tt.method, tt.path, tt.body), tt.status)
	}
	wantStatus(t, r.call(access.Agent, "POST", "/v1/calls", `{"then":"+4930123"}`), 201)
	if o := r.house.last.(Originate); o.First != "agent:anna" || o.By != "agent:anna" {
		t.Errorf("got %+v, want the agent himself", o)
	}
	wantStatus(t, r.call(access.Supervisor, "PUT", "/v1/agents/ben/state", `{"state":"available"}`), 200)
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", `{"then":"+4930123"}`), 422)
}

// TestErrors: what a room answers becomes the right status, and what is ours is not told.
func TestErrors(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		err    error
		status int
		says   string
	}{
		{fmt.Errorf("queue %q: %w", "sales", ErrNotFound), 404, `queue "sales"`},
		{Refuse(fmt.Errorf("number: %w", ErrInvalid), "body.number", "use E.164"), 422, "use E.164"},
		{ErrConflict, 409, ""}, {ErrDenied, 403, ""}, {ErrBusy, 503, ""}, {ErrDown, 503, ""}, {ErrMissing, 501, ""}, {ErrVersion, 412, ""},
		{errors.New("secret of the house"), 500, ""}, {fmt.Errorf("%w: secret of the house", access.ErrStore), 500, ""}, {context.Canceled, 504, ""},
	} {
		r.house.err = tt.err
		w := r.call(access.Admin, "GET", "/v1/queues/sales", "")
		wantStatus(t, w, tt.status)
		if !strings.Contains(strings.ReplaceAll(w.Body.String(), `\"`, `"`), tt.says) || strings.Contains(w.Body.String(), "secret of the house") {
			t.Errorf("%v: got %s", tt.err, w.Body)
		}
		if tt.status == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%v: no Retry-After", tt.err)
		}
	}
	if !strings.Contains(r.log.String(), "secret of the house") {
		t.Error("our own error is not logged")
	}
	r.log.Reset()
	r.house.err = fmt.Errorf("%w: disk full", access.ErrStore) // goes on since the one above
	for range 3 {
		wantStatus(t, r.call(access.Admin, "GET", "/v1/queues/sales", ""), 500)
	}
	if strings.Contains(r.log.String(), "disk full") {
		t.Errorf("an outage that was told is told again:\n%s", r.log)
	}
}

// TestBadRequests: what is wrong is named with its place, and no room hears of it.
func TestBadRequests(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		method, path, body string
		status             int
		where              string
	}{
		{"POST", "/v1/calls", `{"first":"201"}`, 422, "body"},
		{"POST", "/v1/calls", `{"first":"201","then":"202","foo":1}`, 422, "body.foo"},
		{"POST", "/v1/calls", `{"first":201,"then":"202"}`, 422, "body.first"},
		{"POST", "/v1/calls", `{"first":"201","then":"202","record":"r","token":"t"}`, 422, "body"},
		{"POST", "/v1/calls", `{`, 400, ""},
		{"POST", "/v1/calls", ``, 400, ""},
		{"POST", "/v1/calls", `{"then":"` + strings.Repeat("1", 300) + `"}`, 422, "body.then"},
		{"GET", "/v1/items?limit=0", "", 422, "query.limit"},
		{"GET", "/v1/items?limit=1000", "", 422, "query.limit"},
		{"GET", "/v1/items?limit=x", "", 422, "query.limit"},
		{"GET", "/v1/items?cursor=!!", "", 422, "query.cursor"},
		{"GET", "/v1/items?limits=1", "", 422, "query.limits"},
		{"POST", "/v1/items/i/transfer", `{}`, 422, "body"},
		{"POST", "/v1/items/i/transfer", `{"queue":"a","agent":"b"}`, 422, "body"},
		{"PUT", "/v1/agents/a/state", `{"state":"asleep"}`, 422, "body.state"},
		{"POST", "/v1/conversations", `{"channel":"pigeon"}`, 422, "body.channel"},
		{"POST", "/v1/conversations", `{"channel":"chat","address":{"pigeon":"x"}}`, 422, "body.address"},
		{"POST", "/v1/callbacks", `{"number":"1234","queue":"q","timezone":"Mars/Base"}`, 422, "body.timezone"},
		{"POST", "/v1/callbacks", `{"number":"1234","queue":"q","from":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}`, 422, "body.until"},
		{"POST", "/v1/customers/k/merge", `{"other":"k"}`, 422, "body.other"},
		{"POST", "/v1/customers/k/erase", `{"confirm":"x"}`, 422, "body.confirm"},
		{"PATCH", "/v1/records/r/attributes", `{"set":{}}`, 422, "body.set"},
		{"POST", "/v1/users", `{"name":"x","role":"king"}`, 422, "body.role"},
		{"POST", "/v1/users", `{"name":"x","role":"admin","password":"short"}`, 422, ""},
		{"POST", "/v1/webhooks", `{"url":"http://example.com"}`, 422, "body"},
		{"POST", "/v1/webhooks", `{"url":"https://10.0.0.1/"}`, 422, "body"},
		{"POST", "/v1/webhooks", `{"url":"https://[::ffff:10.0.0.1]/"}`, 422, "body"},
		{"POST", "/v1/sms", `{"to":"+4930123","text":"` + strings.Repeat("x", 200<<10) + `"}`, 413, ""},
		{"POST", "/v1/sms", `{"to":"+4930123","text":"` + strings.Repeat("x", 2<<20) + `"}`, 413, ""},
		{"GET", "/v1/nothing", "", 404, ""},
		{"DELETE", "/v1/queues", "", 405, ""},
	} {
		w := r.call(access.Admin, tt.method, tt.path, tt.body)
		name := fmt.Sprintf("%s %s %.60s", tt.method, tt.path, tt.body)
		if w.Code != tt.status {
			t.Errorf("%s: got %d, want %d: %.300s", name, w.Code, tt.status, w.Body)
			continue
		}
		p := problemOf(t, w)
		if tt.where != "" && !slices.ContainsFunc(p.Errors, func(e access.ProblemItem) bool { return e.Where == tt.where }) {
			t.Errorf("%s: got %+v, want the place %s", name, p.Errors, tt.where)
		}
	}
	if asked := r.house.take(); len(asked) > 0 {
		t.Errorf("a room heard of bad requests: %v", asked)
	}
	if got := r.call(access.Admin, "DELETE", "/v1/queues", "").Header().Values("Allow"); !slices.Equal(got, []string{"GET"}) {
		t.Errorf("got Allow %v, want GET", got)
	}
}

// TestPages goes through a list by cursors: everything once, in order.
func TestPages(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/v1/items?limit=", "/v1/queues?limit="} {
		for _, limit := range []int{1, 2, 3, 10, 25, 200} {
			var got []string
			for cursor, n := "", 0; n < 30; n++ {
				w := r.call(access.Admin, "GET", fmt.Sprintf("%s%d&cursor=%s", path, limit, cursor), "")
				wantStatus(t, w, 200)
				page := decode[List[struct{ ID, Name string }]](t, w)
				for _, e := range page.Items {
					got = append(got, e.ID+e.Name)
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			want := 25
			if strings.Contains(path, "queues") {
				want = 3
			}
			if len(got) != want || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != want {
				t.Errorf("%s%d: got %v", path, limit, got)
			}
		}
	}
}

func TestETags(t *testing.T) {
	r := newRig(t)
	w := r.call(access.Admin, "GET", "/v1/records/r_1", "")
	if wantStatus(t, w, 200); w.Header().Get("ETag") != `"7"` {
		t.Errorf("got ETag %q, want \"7\"", w.Header().Get("ETag"))
	}
	w = r.call(access.Admin, "GET", "/v1/records/r_1", "", "If-None-Match", `"3", W/"7"`)
	if w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != `"7"` {
		t.Errorf("got %d %q, want 304", w.Code, w.Body)
	}
	body := `{"set":{"a":"b"}}`
	wantStatus(t, r.call(access.Admin, "PATCH", "/v1/records/r_1/attributes", body, "If-Match", `"7"`), 200)
	wantStatus(t, r.call(access.Admin, "PATCH", "/v1/records/r_1/attributes", body, "If-Match", `"6"`), 412)
	wantStatus(t, r.call(access.Admin, "PATCH", "/v1/records/r_1/attributes", body, "If-Match", `rubbish`), 412)
	wantStatus(t, r.call(access.Admin, "PATCH", "/v1/records/r_1/attributes", body, "If-Match", `*`), 200)

	r.call(access.Admin, "POST", "/v1/users", `{"name":"eva","role":"admin"}`)
	r.call(access.Admin, "POST", "/v1/users", `{"name":"other","role":"admin"}`)
	tag := r.call(access.Admin, "GET", "/v1/users/eva", "").Header().Get("ETag")
	wantStatus(t, r.call(access.Admin, "PATCH", "/v1/users/eva", `{"agent":"x"}`, "If-Match", tag), 200)
	wantStatus(t, r.call(access.Admin, "PATCH", "/v1/users/eva", `{"agent":"y"}`, "If-Match", tag), 412)
	wantStatus(t, r.call(access.Admin, "DELETE", "/v1/users/eva", "", "If-Match", tag), 412)
}

func TestSession(t *testing.T) {
	r := newRig(t)
	r.call(access.Admin, "POST", "/v1/users", `{"name":"eva","role":"supervisor","password":"correct horse"}`)
	wantStatus(t, r.call("", "POST", "/v1/session", `{"user":"eva","password":"wrong horse"}`), 403)
	wantStatus(t, r.call("", "POST", "/v1/session", `{"user":"eva"}`), 422)
	wantStatus(t, r.call("", "POST", "/v1/session", `{"user":"eva","password":"`+strings.Repeat("x", 5000)+`"}`), 413)
	w := r.call("", "POST", "/v1/session", `{"user":"eva","password":"correct horse"}`)
	if wantStatus(t, w, 200); len(w.Result().Cookies()) != 1 || strings.Contains(w.Body.String(), "tds_") {
		t.Fatalf("got %v %s", w.Result().Cookies(), w.Body)
	}
	c := w.Result().Cookies()[0]
	cookie := c.Name + "=" + c.Value
	if me := decode[Me](t, r.call("", "GET", "/v1/session", "", "Cookie", cookie)); me.User != "eva" || me.Role != access.Supervisor || me.By != "session" {
		t.Errorf("got %+v", me)
	}
	page := []string{"Cookie", cookie, "Origin", "http://example.com", access.ForgeryHeader, "1"}
	wantStatus(t, r.call("", "POST", "/v1/calls/c_1/hangup", "", page...), 204)
	wantStatus(t, r.call("", "POST", "/v1/calls/c_1/hangup", "", "Cookie", cookie, "Origin", "http://example.com"), 403)
	wantStatus(t, r.call("", "DELETE", "/v1/session", "", "Cookie", cookie, "Origin", "https://evil.example"), 403)
	w = r.call("", "DELETE", "/v1/session", "", page...)
	if wantStatus(t, w, 204); w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", w.Result().Cookies())
	}
	wantStatus(t, r.call("", "GET", "/v1/session", "", "Cookie", cookie), 401)
	for range 5 {
		r.call("", "POST", "/v1/session", `{"user":"eva","password":"wrong horse"}`)
	}
	w = r.call("", "POST", "/v1/session", `{"user":"eva","password":"correct horse"}`)
	if wantStatus(t, w, 429); w.Header().Get("Retry-After") == "" {
		t.Error("locked out without Retry-After")
	}
	if strings.Contains(r.log.String(), "horse") {
		t.Error("the log holds a password")
	}
}
