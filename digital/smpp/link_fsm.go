package smpp

// Link: are we bound? SMPP 3.4 §2.2. One machine for each client, fed by its connections, the clock and its user. A pair that is not
// listed is ignored: news of a connection that is over.

// LinkState says how the bind stands.
type LinkState uint8

// The states of a Link.
const (
	LinkIdle      LinkState = iota // before Run, and between tries: waiting
	LinkDialling                   // a connection is being made
	LinkBinding                    // the bind request is out
	LinkBound                      // submit_sm and deliver_sm may go
	LinkUnbinding                  // answers that are out are waited for, then unbind
	LinkClosed                     // over
	nLinkStates
)

type linkOn uint8

const (
	linkDue     linkOn = iota // the pause is over, or Run has begun
	linkMade                  // the connection stands
	linkAnswer                // the bind was accepted
	linkRefused               // the bind was refused
	linkLost                  // no connection, it ended, or an answer did not come in time
	linkUnbound               // the centre has sent unbind
	linkStop                  // Run shall end
	linkDrained               // unbind was answered, or waited for long enough
	nLinkOn
)

type linkDo uint8

const (
	linkDial    linkDo = 1 << iota // make a connection
	linkBind                       // send the bind request
	linkUp                         // tell the user, start to submit
	linkDown                       // give up the connection: what is out is uncertain, what was handed up waits to come again
	linkBackOff                    // wait before the next try
	linkDrain                      // stop submitting; unbind when nothing is out
	linkEnd                        // tell all that waits that it is over
)

var linkRows = []row[LinkState, linkOn, linkDo]{
	{LinkIdle, linkDue, LinkDialling, linkDial, "2.2.1"},
	{LinkIdle, linkStop, LinkClosed, linkEnd, "2.2"},
	{LinkDialling, linkMade, LinkBinding, linkBind, "2.2.2"},
	{LinkDialling, linkLost, LinkIdle, linkDown | linkBackOff, "2.2.1"},
	{LinkDialling, linkStop, LinkClosed, linkDown | linkEnd, "2.2.1"},
	{LinkBinding, linkAnswer, LinkBound, linkUp, "4.1.2"},
	{LinkBinding, linkRefused, LinkIdle, linkDown | linkBackOff, "4.1.2"},
	{LinkBinding, linkLost, LinkIdle, linkDown | linkBackOff, "7.2"},
	{LinkBinding, linkUnbound, LinkIdle, linkDown | linkBackOff, "4.2"},
	{LinkBinding, linkStop, LinkClosed, linkDown | linkEnd, "2.2.2"},
	{LinkBound, linkLost, LinkIdle, linkDown | linkBackOff, "7.2"},
	{LinkBound, linkUnbound, LinkIdle, linkDown | linkBackOff, "4.2"},
	{LinkBound, linkStop, LinkUnbinding, linkDrain, "4.2"},
	{LinkUnbinding, linkDrained, LinkClosed, linkDown | linkEnd, "4.2.2"},
	{LinkUnbinding, linkUnbound, LinkClosed, linkDown | linkEnd, "4.2"},
	{LinkUnbinding, linkLost, LinkClosed, linkDown | linkEnd, "7.2"},
}

var linkTable = compile(linkRows, int(nLinkStates), int(nLinkOn))

var (
	linkNames   = [...]string{"idle", "dialling", "binding", "bound", "unbinding", "closed"}
	linkOnNames = [...]string{"due", "made", "answer", "refused", "lost", "unbound", "stop", "drained"}
	linkDoNames = [...]string{"dial", "bind", "up", "down", "back off", "drain", "end"}
)

// String returns the state as it stands in logs and metrics.
func (s LinkState) String() string { return linkNames[s] }
