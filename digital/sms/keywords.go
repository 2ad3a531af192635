package sms

import (
	"strings"
	"unicode"
)

// Keyword is what a message asks of the channel itself.
type Keyword uint8

// The keywords.
const (
	NoKeyword Keyword = iota
	Stop
	Start
	Help
)

// Keywords are one language's words, in lower case.
type Keywords struct {
	Language          string // BCP 47
	Stop, Start, Help []string
}

// Languages returns the words that are known. STOP and its kin hold in every country.
func Languages() []Keywords {
	return []Keywords{
		{
			"en",
			[]string{"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "opt-out"},
			[]string{"start", "unstop", "subscribe", "yes start"}, []string{"help", "info"},
		},
		{"de", []string{"stopp", "abmelden", "abbestellen", "austragen"}, []string{"anmelden"}, []string{"hilfe"}},
		{"fr", []string{"arret", "arrêt", "arreter", "arrêter", "desabonner", "désabonner"}, []string{"abonner"}, []string{"aide"}},
		{"es", []string{"alto", "parar", "baja", "cancelar"}, []string{"alta", "empezar"}, []string{"ayuda"}},
		{"it", []string{"ferma", "disiscrivi", "cancella"}, []string{"inizia", "iscrivi"}, []string{"aiuto"}},
		{"pt", []string{"pare", "parar", "cancelar"}, []string{"começar", "comecar"}, []string{"ajuda"}},
		{"nl", []string{"afmelden", "uit"}, []string{"aanmelden"}, []string{"hulp"}},
	}
}

// Classify says whether a whole message is a keyword: case, blanks around it and punctuation at its end do not count. A sentence that
// holds such a word is none.
func Classify(text string, languages []Keywords) Keyword {
	word := strings.ToLower(strings.Join(strings.Fields(text), " "))
	word = strings.TrimFunc(word, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) || unicode.IsSpace(r) })
	if word == "" || len(word) > 40 {
		return NoKeyword
	}
	for _, l := range languages {
		for _, list := range []struct {
			words []string
			means Keyword
		}{{l.Stop, Stop}, {l.Start, Start}, {l.Help, Help}} {
			for _, w := range list.words {
				if w == word {
					return list.means
				}
			}
		}
	}
	return NoKeyword
}
