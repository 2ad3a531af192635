package cdr

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Format is the form of a line in a file.
type Format string

// The formats. Asterisk is the 18 columns of Master.csv in order, without a header, as Asterisk writes them.
const (
	JSONL    Format = "jsonl"
	CSV      Format = "csv"
	Asterisk Format = "asterisk"
)

// Formats lists the formats.
func Formats() []Format { return []Format{JSONL, CSV, Asterisk} }

// Line gives a CDR as one line, with its line end.
func (f Format) Line(c CDR) ([]byte, error) {
	switch f {
	case JSONL:
		raw, err := json.Marshal(c)
		return append(raw, '\n'), err
	case CSV:
		return csvLine(columns(c))
	case Asterisk:
		return asteriskLine(c), nil
	}
	return nil, fmt.Errorf("cdr format %q: known are jsonl, csv and asterisk", f)
}

// Header gives the line that begins a new file, or nothing.
func (f Format) Header() []byte {
	if f != CSV {
		return nil
	}
	var names []string
	for _, col := range columns(CDR{}) {
		names = append(names, col[0])
	}
	return []byte(strings.Join(names, ",") + "\n")
}

// columns gives name and value of each CSV column; the names are those of the JSON form.
func columns(c CDR) [][2]string {
	n := strconv.Itoa
	d := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return [][2]string{
		{"call", c.Call}, {"record", c.Record}, {"channel", c.Channel}, {"direction", c.Direction}, {"caller", c.Caller},
		{"caller_name", c.CallerName}, {"called", c.Called}, {"trunk", c.Trunk}, {"path", strings.Join(c.Path, " > ")},
		{"queue", c.Queue}, {"agent", c.Agent}, {"endpoint", c.Endpoint}, {"started", stamp(c.Started)},
		{"queued", stamp(c.Queued)}, {"answered", stamp(c.Answered)}, {"connected", stamp(c.Connected)},
		{"ended", stamp(c.Ended)}, {"wait_seconds", n(c.Wait)}, {"ring_seconds", n(c.Ring)}, {"talk_seconds", n(c.Talk)},
		{"hold_seconds", n(c.Hold)}, {"duration_seconds", n(c.Duration)}, {"billed_seconds", n(c.Billed)},
		{"offers", n(c.Offers)}, {"missed", n(c.Missed)}, {"transfers", n(c.Transfers)}, {"outcome", string(c.Outcome)},
		{"cause", n(c.Cause)}, {"status", n(c.Status)}, {"by", c.By}, {"recording", c.Recording}, {"codec", c.Codec},
		{"mos", d(c.MOS)}, {"loss_pct", d(c.Loss)}, {"jitter_ms", d(c.Jitter)},
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func csvLine(cols [][2]string) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	row := make([]string, len(cols))
	for i, col := range cols {
		row[i] = inert(col[1])
	}
	if err := w.Write(row); err != nil {
		return nil, err
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// inert keeps a spreadsheet from taking a caller's text for a formula. A number with its plus sign stays as it is.
func inert(v string) string {
	if v == "" || !strings.ContainsRune("=+-@\t\r", rune(v[0])) {
		return v
	}
	if strings.Trim(v, "+-.0123456789") == "" {
		return v
	}
	return "'" + v
}

// asteriskLine writes accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end,
// duration, billsec, disposition, amaflags, uniqueid, userfield. Times are UTC. Texts are quoted, numbers are not.
func asteriskLine(c CDR) []byte {
	q := func(v string) string {
		clean := strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, v)
		return `"` + strings.ReplaceAll(clean, `"`, `""`) + `"`
	}
	local := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return q(t.UTC().Format(time.DateTime))
	}
	clid := c.Caller
	if c.CallerName != "" {
		clid = fmt.Sprintf("%q <%s>", c.CallerName, c.Caller)
	}
	app, data := lastApp(c)
	fields := []string{
		q(""), q(c.Caller), q(c.Called), q(firstFlow(c)), q(clid), q(channelName(c)), q(farChannel(c)), q(app), q(data),
		local(c.Started), local(c.Answered), local(c.Ended), strconv.Itoa(c.Duration), strconv.Itoa(c.Billed),
		q(disposition(c)), q("DOCUMENTATION"), q(c.Call), q(c.Record),
	}
	return []byte(strings.Join(fields, ",") + "\n")
}

func firstFlow(c CDR) string {
	if len(c.Path) == 0 {
		return ""
	}
	flow, _, _ := strings.Cut(c.Path[0], "/")
	return flow
}

func channelName(c CDR) string {
	from := c.Trunk
	if from == "" || c.Direction == "out" {
		from = c.Caller
	}
	return "Tandem/" + from + "-" + c.Call
}

func farChannel(c CDR) string {
	switch {
	case c.Agent != "":
		return "Tandem/" + c.Agent
	case c.Endpoint != "":
		return "Tandem/" + c.Endpoint
	}
	return ""
}

func lastApp(c CDR) (app, data string) {
	switch {
	case c.Queue != "":
		return "Queue", c.Queue
	case c.Offers > 0:
		return "Dial", c.Called
	case len(c.Path) > 0:
		return "Flow", c.Path[len(c.Path)-1]
	}
	return "", ""
}

func disposition(c CDR) string {
	switch c.Outcome {
	case Answered, Flow, Abandoned:
		return "ANSWERED"
	case Busy:
		return "BUSY"
	case NoAnswer:
		return "NO ANSWER"
	}
	return "FAILED"
}
