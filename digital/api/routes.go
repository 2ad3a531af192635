package api

import (
	"net/http"

	"tandem/digital/access"
)

// row is one route: what it is called, and who may use it.
type row struct {
	id     string // OpenAPI operationId
	method string
	path   string
	roles  []access.Role // nil: everybody, proven or not
	scope  string        // what a token with scopes needs
	sum    string
	flags  flags
}

// flags are what is special about a route.
type flags uint8

const (
	secret flags = 1 << iota // the answer holds a secret that is shown once: not kept for Idempotency-Key
	plain                    // a POST that no key makes safer: it begins nothing
)

var (
	all    = []access.Role{access.Admin, access.Supervisor, access.Agent, access.Integrator}
	watch  = []access.Role{access.Admin, access.Supervisor, access.Integrator}
	leads  = []access.Role{access.Admin, access.Supervisor}
	admins = []access.Role{access.Admin}
)

const (
	get   = http.MethodGet
	post  = http.MethodPost
	put   = http.MethodPut
	patch = http.MethodPatch
	del   = http.MethodDelete
)

// routes is the whole API. A route that is not here cannot be registered; one that is here and not registered stops the start.
var routes = []row{
	{"listQueues", get, "/v1/queues", all, "queues:read", "All queues and what they are doing", 0},
	{"showQueue", get, "/v1/queues/{queue}", all, "queues:read", "A queue and what waits in it", 0},

	{"listAgents", get, "/v1/agents", all, "agents:read", "All agents and what they are doing", 0},
	{"showAgent", get, "/v1/agents/{agent}", all, "agents:read", "An agent", 0},
	{"setAgentState", put, "/v1/agents/{agent}/state", all, "agents:write", "Make an agent available or away; agents themselves only", 0},
	{"signInAgent", post, "/v1/agents/{agent}/sign-in", all, "agents:write", "Bring an agent to work; agents themselves only", 0},
	{"signOutAgent", post, "/v1/agents/{agent}/sign-out", all, "agents:write", "Take an agent from work; agents themselves only", 0},

	{"listItems", get, "/v1/items", watch, "items:read", "Live work items by first arrival", 0},
	{"showItem", get, "/v1/items/{item}", all, "items:read", "A work item", 0},
	{"whyItem", get, "/v1/items/{item}/why", all, "items:read", "Each routing decision of a work item, explained", 0},
	{"cancelItem", post, "/v1/items/{item}/cancel", watch, "items:write", "End a work item", 0},
	{"transferItem", post, "/v1/items/{item}/transfer", watch, "items:write", "Move a work item to a queue or an agent; it keeps its waiting time", 0},

	{"listCalls", get, "/v1/calls", watch, "calls:read", "Live calls", 0},
	{"originateCall", post, "/v1/calls", all, "calls:write", "Call two sides and connect them: click-to-call", 0},
	{"showCall", get, "/v1/calls/{call}", all, "calls:read", "A call and its legs", 0},
	{"traceCall", get, "/v1/calls/{call}/trace", leads, "calls:read", "The SIP ladder of a call", 0},
	{"hangUpCall", post, "/v1/calls/{call}/hangup", watch, "calls:write", "End a call", 0},
	{"transferCall", post, "/v1/calls/{call}/transfer", watch, "calls:write", "Hand the caller to another target", 0},
	{"holdCall", post, "/v1/calls/{call}/hold", watch, "calls:write", "Hold or resume a call", 0},

	{"listConversations", get, "/v1/conversations", watch, "conversations:read", "Message threads, newest first", 0},
	{"openConversation", post, "/v1/conversations", watch, "conversations:write", "Bring a thread in from any channel", 0},
	{"showConversation", get, "/v1/conversations/{conversation}", all, "conversations:read", "A message thread", 0},
	{"listMessages", get, "/v1/conversations/{conversation}/messages", all, "conversations:read", "Messages of a thread in order", 0},
	{"sendMessage", post, "/v1/conversations/{conversation}/messages", all, "conversations:write", "Add a message to a thread", 0},
	{"closeConversation", post, "/v1/conversations/{conversation}/close", watch, "conversations:write", "End a thread", 0},

	{"sendSMS", post, "/v1/sms", all, "sms:write", "Send a text message", 0},

	{"listCallbacks", get, "/v1/callbacks", watch, "callbacks:read", "Promised calls by when they were asked for", 0},
	{"requestCallback", post, "/v1/callbacks", all, "callbacks:write", "Promise a customer a call", 0},
	{"showCallback", get, "/v1/callbacks/{callback}", all, "callbacks:read", "A promised call", 0},
	{"cancelCallback", post, "/v1/callbacks/{callback}/cancel", watch, "callbacks:write", "Take a promised call back", 0},

	{"searchRecords", get, "/v1/records", watch, "records:read", "Search records, newest first", 0},
	{"showRecord", get, "/v1/records/{record}", all, "records:read", "A record", 0},
	{"timeline", get, "/v1/records/{record}/timeline", all, "records:read", "What happened in a record, over all channels, in order", 0},
	{"setAttributes", patch, "/v1/records/{record}/attributes", all, "records:write", "Write attributes of a record", 0},
	{"closeRecord", post, "/v1/records/{record}/close", watch, "records:write", "Close a record", 0},

	{"searchCustomers", get, "/v1/customers", watch, "customers:read", "Search customers", 0},
	{"showCustomer", get, "/v1/customers/{customer}", all, "customers:read", "A customer with the identities", 0},
	{"mergeCustomers", post, "/v1/customers/{customer}/merge", leads, "customers:write", "Say that another customer is this one", 0},
	{"unmergeCustomers", post, "/v1/customers/{customer}/unmerge", leads, "customers:write", "Take a merge back", 0},
	{"exportCustomer", get, "/v1/customers/{customer}/export", leads, "customers:export", "Everything that is kept of a customer", 0},
	{"eraseCustomer", post, "/v1/customers/{customer}/erase", admins, "customers:erase", "Destroy what is personal of a customer", 0},

	{"issueLink", post, "/v1/links", all, "links:write", "A token that carries a record to a call or a page", secret},

	{"listUsers", get, "/v1/users", admins, "users:read", "Who may sign in", 0},
	{"createUser", post, "/v1/users", admins, "users:write", "Add a user", 0},
	{"showUser", get, "/v1/users/{user}", admins, "users:read", "A user", 0},
	{"changeUser", patch, "/v1/users/{user}", admins, "users:write", "Change role, agent, password or disabling; the user's sessions end", 0},
	{"removeUser", del, "/v1/users/{user}", admins, "users:write", "Remove a user", 0},
	{"loginLink", post, "/v1/users/{user}/login-link", admins, "users:write", "A link that signs a user in once", secret},

	{"listTokens", get, "/v1/tokens", admins, "tokens:read", "API tokens, without their secrets", 0},
	{"issueToken", post, "/v1/tokens", admins, "tokens:write", "Issue an API token; its secret is shown once", secret},
	{"revokeToken", del, "/v1/tokens/{token}", admins, "tokens:write", "End an API token at once", 0},

	{"signIn", post, "/v1/session", nil, "", "Sign a browser in by password", plain},
	{"whoAmI", get, "/v1/session", all, "", "Who asks", 0},
	{"signOut", del, "/v1/session", all, "", "Sign the browser out", 0},

	{"listWebhooks", get, "/v1/webhooks", admins, "webhooks:read", "Webhooks", 0},
	{"createWebhook", post, "/v1/webhooks", admins, "webhooks:write", "Subscribe a URL to events; the signing secret is shown once", secret},
	{"showWebhook", get, "/v1/webhooks/{webhook}", admins, "webhooks:read", "A webhook and how it is doing", 0},
	{"changeWebhook", patch, "/v1/webhooks/{webhook}", admins, "webhooks:write", "Change a webhook", 0},
	{"removeWebhook", del, "/v1/webhooks/{webhook}", admins, "webhooks:write", "Remove a webhook", 0},
	{"rotateSecret", post, "/v1/webhooks/{webhook}/secret", admins, "webhooks:write", "A new signing secret; the old one signs too for a day", secret},
	{"listDeliveries", get, "/v1/webhooks/{webhook}/deliveries", admins, "webhooks:read", "The newest attempts to deliver", 0},
	{"listDead", get, "/v1/webhooks/{webhook}/dead", admins, "webhooks:read", "Events that were given up", 0},
	{"replayWebhook", post, "/v1/webhooks/{webhook}/replay", admins, "webhooks:write", "Deliver given-up events, or all after a cursor, again", 0},

	{"events", get, "/v1/events", watch, "events:read", "Server-sent events: CloudEvents 1.0 with resume", 0},
	{"health", get, "/v1/health", watch, "health:read", "How the parts of the gateway are", 0},
}

// Areas gives the rules of the door for the API.
func Areas() []access.Area {
	return []access.Area{
		{Prefix: "/v1/"},
		{Prefix: "/v1/session", Public: true, MaxBody: 4 << 10},
		{Prefix: "/v1/openapi.json", Public: true},
		{Prefix: "/v1/openapi.yaml", Public: true},
		{Prefix: "/v1/docs", Public: true},
		{Prefix: "/v1/docs.css", Public: true},
	}
}
