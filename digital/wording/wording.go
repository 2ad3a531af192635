package wording

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.json
var files embed.FS

// english is the language of the code.
const english = "en"

// tables has the translations by language and text.
var tables = read()

func read() map[string]map[string]string {
	all := map[string]map[string]string{english: {}}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		raw, err := files.ReadFile(e.Name())
		table := map[string]string{}
		if err == nil {
			err = json.Unmarshal(raw, &table)
		}
		if err != nil {
			panic(fmt.Sprintf("%s: %v", e.Name(), err)) // embedded, and read by every test
		}
		language := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
		all[language] = table
		for text := range table {
			all[english][text] = text
		}
	}
	return all
}

// Languages are those that there are tables for.
func Languages() []string { return slices.Sorted(maps.Keys(tables)) }

// Texts are all texts, in English.
func Texts() []string { return slices.Sorted(maps.Keys(tables[english])) }

// Words are the languages of a site and its own texts in them.
type Words struct {
	languages []string
	tables    map[string]map[string]string
}

// New gives the words of a site that speaks languages, the first by default. own replaces texts: by language, then by the English text.
func New(languages []string, own map[string]map[string]string) *Words {
	w := &Words{languages: languages, tables: map[string]map[string]string{}}
	if len(languages) == 0 {
		w.languages = []string{english}
	}
	for _, l := range w.languages {
		w.tables[l] = map[string]string{}
		maps.Copy(w.tables[l], tables[l])
		maps.Copy(w.tables[l], own[l])
	}
	return w
}

// Languages are those of the site; the first is that of everybody whose own is not among them.
func (w *Words) Languages() []string { return w.languages }

// Pick gives the language of the site for a person who speaks that one: "de" for "de-AT", or for "de-AT,en;q=0.8" of a browser.
func (w *Words) Pick(language string) string {
	language = strings.ToLower(language)
	if i := strings.IndexAny(language, "-_,;"); i >= 0 {
		language = language[:i]
	}
	if slices.Contains(w.languages, language) {
		return language
	}
	return w.languages[0]
}

// In gives a text in the language of a person, or in the site's. No Words speak English.
func (w *Words) In(language, text string) string {
	if w == nil {
		return text
	}
	if own := w.tables[w.Pick(language)][text]; own != "" {
		return own
	}
	return text
}

// Table is all of a language of the site, as its pages read it; nil for another.
func (w *Words) Table(language string) map[string]string { return w.tables[language] }

var names = regexp.MustCompile(`\{[a-z]+\}`)

// Check tells what is wrong with a text that shall replace another; the names to fill in are optional, and no others are known.
func Check(text, own string) error {
	for _, n := range names.FindAllString(own, -1) {
		if !strings.Contains(text, n) {
			return fmt.Errorf("nothing is filled in for %s of %q, but for %s", n, own, strings.Join(names.FindAllString(text, -1), ", "))
		}
	}
	return nil
}

// Fill puts values in the places of their names: Fill(text, "agent", "Anna").
func Fill(text string, pairs ...string) string {
	pairs = slices.Clone(pairs)
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
