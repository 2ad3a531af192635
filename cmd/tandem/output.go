package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// streams is what a command reads from and writes to.
type streams struct {
	In       io.Reader
	Out, Err io.Writer
	Color    bool // stdout is a terminal and NO_COLOR is not set
	Now      func() time.Time
}

// table is rows under a heading, aligned, without borders, never cut.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write aligns by characters. An empty cell shows as "-"; control characters show as "?".
func (t *table) write(s streams) error {
	width := make([]int, len(t.head))
	clean := make([][]string, 0, len(t.rows)+1)
	for _, row := range append([][]string{t.head}, t.rows...) {
		cells := make([]string, len(row))
		for i, c := range row {
			if c == "" {
				c = "-"
			}
			cells[i] = printable(c)
			width[i] = max(width[i], utf8.RuneCountInString(cells[i]))
		}
		clean = append(clean, cells)
	}
	var b strings.Builder
	for n, row := range clean {
		var line strings.Builder
		for i, c := range row {
			line.WriteString(c)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(c)+2))
			}
		}
		text := line.String()
		if n == 0 && s.Color {
			text = "\x1b[1m" + text + "\x1b[0m"
		}
		b.WriteString(text + "\n")
	}
	_, err := io.WriteString(s.Out, b.String())
	return err
}

// printable keeps what others sent us from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) {
			return '?'
		}
		return r
	}, text)
}

// details is a block of "name: value" lines.
type details [][2]string

func (d *details) add(name, value string) {
	if value != "" {
		*d = append(*d, [2]string{name, value})
	}
}

func (d details) write(s streams) error {
	width := 0
	for _, x := range d {
		width = max(width, len(x[0]))
	}
	for _, x := range d {
		if _, err := fmt.Fprintf(s.Out, "%-*s  %s\n", width+1, x[0]+":", printable(x[1])); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(s streams, v any) error {
	e := json.NewEncoder(s.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// when gives a time absolute and relative.
func (s streams) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	now := s.Now()
	form := time.TimeOnly
	if t.In(now.Location()).YearDay() != now.YearDay() || t.Year() != now.Year() {
		form = time.DateTime
	}
	text := t.In(now.Location()).Format(form)
	if d := now.Sub(t); d >= 0 {
		return fmt.Sprintf("%s (%s ago)", text, short(d))
	}
	return fmt.Sprintf("%s (in %s)", text, short(t.Sub(now)))
}

// short gives a duration in its two largest units.
func short(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

func seconds(v float64) string { return short(time.Duration(v * float64(time.Second))) }
