package trunk

import (
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"

	"tandem/sip"
)

// NumberKind says what a number is.
type NumberKind uint8

// The kinds of Number.
const (
	NotANumber      NumberKind = iota // a name, or digits that no plan knows: only Raw is set
	GlobalNumber                      // has an E.164 form
	ShortNumber                       // a service number of the country, such as 116117: has no E.164 form
	EmergencyNumber                   // 112, 911 and the country's own: never changed by a rule
)

var numberKinds = [...]string{"none", "global", "short", "emergency"}

// String returns the kind as it stands in logs.
func (k NumberKind) String() string { return numberKinds[k] }

// Number is a telephone number in all its forms.
type Number struct {
	Raw      string // as it came
	Kind     NumberKind
	E164     string // "+4930123456"; "" unless GlobalNumber
	National string // digits with the national prefix: "030123456"
	Country  string // two letters of the number's country, "" if it has none
	Valid    bool   // the number's plan knows it; false for an international form that is only possible
}

// maxNumber bounds the text that is read as a number, in bytes.
const maxNumber = 64

// ReadNumber reads a number as dialled in a country (two letters; "" reads international forms only): "+", the country's own
// international prefix such as "00", national forms, visual separators, and the parameters of RFC 3966: with a phone-context
// that starts with "+" the number continues it. What was read lately is remembered: a call asks for the same number several times,
// and the plan's patterns are the dearest thing in its set-up.
func ReadNumber(raw, country string) Number {
	key := country + "/" + raw
	if n, ok := lately.get(key); ok {
		return n
	}
	n := readNumber(raw, country)
	lately.put(key, n)
	return n
}

// memory keeps results by key, at most remembered of them: when it is full it begins anew.
type memory struct {
	mu    sync.Mutex
	known map[string]Number // guarded by mu
}

const remembered = 4096

var lately = memory{known: map[string]Number{}}

func (m *memory) get(key string) (Number, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.known[key]
	return n, ok
}

func (m *memory) put(key string, n Number) {
	if len(key) > 2*maxNumber {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= remembered {
		clear(m.known)
	}
	m.known[key] = n
}

func readNumber(raw, country string) Number {
	n := Number{Raw: raw}
	country = strings.ToUpper(country)
	tel, ok := sip.ParseTel(raw)
	if !ok || len(raw) > maxNumber {
		return n
	}
	text := tel.Number
	if context := tel.Params.Value("phone-context"); strings.HasPrefix(context, "+") && !tel.Global() {
		text = context + text
	}
	if strings.Trim(text, "+0123456789") != "" {
		return n // codes with * and #
	}
	if country != "" && phonenumbers.IsEmergencyNumber(text, country) {
		n.Kind, n.National, n.Country, n.Valid = EmergencyNumber, text, country, true
		return n
	}
	parsed, err := phonenumbers.ParseAndKeepRawInput(text, country)
	switch {
	case err != nil:
	case phonenumbers.IsValidNumber(parsed) || international(parsed) && phonenumbers.IsPossibleNumber(parsed):
		return n.global(parsed)
	case country != "" && phonenumbers.IsValidShortNumberForRegion(parsed, country):
		n.Kind, n.National, n.Country, n.Valid = ShortNumber, text, country, true
	}
	return n
}

// international tells whether the country code was dialled. Only then is a number taken that its plan does not know: otherwise "1001"
// would be a subscriber of the country, not an extension.
func international(parsed *phonenumbers.PhoneNumber) bool {
	source := parsed.GetCountryCodeSource()
	return source == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_PLUS_SIGN || source == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD
}

func (n Number) global(parsed *phonenumbers.PhoneNumber) Number {
	n.Kind = GlobalNumber
	n.E164 = phonenumbers.Format(parsed, phonenumbers.E164)
	n.National = digits(phonenumbers.Format(parsed, phonenumbers.NATIONAL))
	n.Country = phonenumbers.GetRegionCodeForNumber(parsed)
	n.Valid = phonenumbers.IsValidNumber(parsed)
	return n
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// Arrived reads a number that came from the trunk, after its Arrive rule. Raw holds what came.
func (t *Trunk) Arrived(raw string) Number {
	rule := t.cfg.Arrive
	plain := ReadNumber(raw, t.cfg.Country)
	if plain.Kind == EmergencyNumber || rule.Strip == 0 && rule.Prefix == "" && rule.Format == FormatRaw {
		return plain
	}
	n := ReadNumber(rule.apply(plain, t.cfg.Country), t.cfg.Country)
	n.Raw = raw
	return n
}

// Normal is a number that came from the trunk in E.164 where its plan knows it, else as it came. One that is in that form already is
// taken at its word: reading its plan costs more than the rest of a call's set-up.
func (t *Trunk) Normal(raw string) string {
	rule := t.cfg.Arrive
	if IsE164(raw) && rule.Strip == 0 && rule.Prefix == "" && rule.Format == FormatRaw {
		return raw
	}
	if n := t.Arrived(raw); n.Kind == GlobalNumber && n.Valid {
		return n.E164
	}
	return raw
}

// IsE164 tells whether a text has the form of an E.164 number: "+" and 7 to 15 digits, the first not 0. It says nothing about the plan.
func IsE164(text string) bool {
	if len(text) < 8 || len(text) > 16 || text[0] != '+' || text[1] == '0' {
		return false
	}
	return strings.Trim(text[1:], "0123456789") == ""
}

// Dialled returns the text of a number for the trunk: its Dial rule applied. Emergency numbers are not changed.
func (t *Trunk) Dialled(n Number) string {
	if n.Kind == EmergencyNumber {
		return n.National
	}
	return t.cfg.Dial.apply(n, t.cfg.Country)
}

// apply strips, formats and prefixes. Strip acts on the formatted text; on raw text when the number has no such form.
func (r NumberRule) apply(n Number, country string) string {
	text := r.form(n, country)
	return r.Prefix + text[min(r.Strip, len(text)):]
}

func (r NumberRule) form(n Number, country string) string {
	if n.Kind != GlobalNumber {
		return n.Raw
	}
	switch r.Format {
	case FormatDigits:
		return n.E164[1:]
	case FormatIDD:
		return iddPrefix(country) + n.E164[1:]
	case FormatNational:
		if strings.EqualFold(n.Country, country) {
			return n.National
		}
		return iddPrefix(country) + n.E164[1:]
	case FormatRaw:
		return n.Raw
	default:
		return n.E164
	}
}

// iddPrefix returns what is dialled in a country before a country code. Where there is a choice of prefixes or none is known it is "00".
func iddPrefix(country string) string {
	if phonenumbers.GetCountryCodeForRegion(strings.ToUpper(country)) == 1 {
		return "011"
	}
	if prefix := internationalPrefix[strings.ToUpper(country)]; prefix != "" {
		return prefix
	}
	return "00"
}

// internationalPrefix lists the countries outside plan 1 that do not dial "00" (ITU-T Operational Bulletin, list of dialling procedures).
var internationalPrefix = map[string]string{
	"AU": "0011", "BY": "810", "CU": "119", "HK": "001", "ID": "001", "JP": "010", "KE": "000", "KR": "001", "KZ": "810",
	"RU": "810", "SG": "001", "TH": "001", "TJ": "810", "TM": "810", "TZ": "000", "UG": "000",
}
