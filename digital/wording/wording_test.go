package wording

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTables: each language has every text of the server and of the pages, nothing else, and the same names to fill in.
func TestTables(t *testing.T) {
	var wanted []string
	raw, err := os.ReadFile("texts.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`= "([^"]+)"`).FindAllStringSubmatch(string(raw), -1) {
		wanted = append(wanted, m[1])
	}
	call := regexp.MustCompile(`\bt\('((?:[^'\\]|\\.)+)'`)
	for _, folder := range []string{"chat", "lib"} {
		files, err := os.ReadDir("../web/static/" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".js") {
				continue
			}
			raw, err := os.ReadFile("../web/static/" + folder + "/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range call.FindAllStringSubmatch(string(raw), -1) {
				wanted = append(wanted, strings.ReplaceAll(m[1], `\'`, "'"))
			}
		}
	}
	if len(wanted) < 80 {
		t.Fatalf("only %d texts were found in the code", len(wanted))
	}
	for _, language := range Languages() {
		if language == english {
			continue
		}
		table := maps.Clone(tables[language])
		for _, text := range wanted {
			own, ok := tables[language][text]
			if !ok || strings.TrimSpace(own) == "" {
				t.Errorf("%s lacks %q", language, text)
			}
			theirs, ours := names.FindAllString(own, -1), names.FindAllString(text, -1)
			slices.Sort(theirs)
			slices.Sort(ours)
			if !slices.Equal(theirs, ours) {
				t.Errorf("%s fills in %v where %q has %v", language, theirs, text, ours)
			}
			delete(table, text)
		}
		for text := range table {
			t.Errorf("%s has %q, which nobody says", language, text)
		}
	}
}

// TestIn: a person is spoken to in his own language where the site has it, else in the site's first; the site's own texts come first.
func TestIn(t *testing.T) {
	w := New([]string{"de", "en"}, map[string]map[string]string{"de": {Ended: "Tschüss."}, "en": {Ended: "Bye."}})
	for _, c := range []struct{ language, text, want string }{
		{"de", Ended, "Tschüss."}, {"en-GB", Ended, "Bye."}, {"fr", Ended, "Tschüss."}, {"", Ended, "Tschüss."},
		{"DE-at,en;q=0.8", Noted, tables["de"][Noted]}, {"en", Noted, Noted}, {"de", "said by nobody", "said by nobody"},
	} {
		if got := w.In(c.language, c.text); got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.text, c.language, got, c.want)
		}
	}
	if w.Table("fr") != nil || w.Table("de")[Ended] != "Tschüss." {
		t.Error("the tables are not those of the site")
	}
	var none *Words
	if got := none.In("de", Ended); got != Ended {
		t.Errorf("no words: got %q", got)
	}
	if got := Fill("{agent} and {other}", "agent", "{other}", "other", "Ben"); got != "{other} and Ben" {
		t.Errorf("filled in: %q", got)
	}
}

func TestCheck(t *testing.T) {
	for own, ok := range map[string]bool{"Sie sprechen mit {agent}.": true, "Wir sind da.": true, "Hallo {name}": false} {
		if err := Check(Joined, own); (err == nil) != ok {
			t.Errorf("%q: %v", own, err)
		}
	}
}
