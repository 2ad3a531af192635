package gsm

import "strings"

// basic is the default alphabet by code; 0x1B stands for the escape. TS 23.038 §6.2.1.
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

const escape = 0x1B

// extension holds what follows an escape. TS 23.038 §6.2.1.1.
var extension = map[byte]rune{
	0x0A: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2F: '\\', 0x3C: '[', 0x3D: '~', 0x3E: ']', 0x40: '|', 0x65: '€',
}

var (
	decoding  [128]rune
	encoding  = map[rune]byte{}
	extending = map[rune]byte{}
)

func init() {
	code := byte(0)
	for _, r := range basic {
		decoding[code] = r
		if code != escape {
			encoding[r] = code
		}
		code++
	}
	if code != 128 {
		panic("gsm: the default alphabet has not 128 codes")
	}
	for code, r := range extension {
		extending[r] = code
	}
}

// septets appends a rune's code, one septet in each octet, two where it needs the escape.
func septets(b []byte, r rune) ([]byte, bool) {
	if code, ok := encoding[r]; ok {
		return append(b, code), true
	}
	if code, ok := extending[r]; ok {
		return append(b, escape, code), true
	}
	return b, false
}

// fits says whether the default alphabet has every rune of s.
func fits(s string) bool {
	var scratch [2]byte
	for _, r := range s {
		if _, ok := septets(scratch[:0], r); !ok {
			return false
		}
	}
	return true
}

// decodeSeptets turns codes into text. A code that the extension table lacks is shown as in the default alphabet, an escape at the
// end as a space: TS 23.038 §6.2.1.1, note 1.
func decodeSeptets(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		code := b[i] & 0x7F
		if code != escape {
			out.WriteRune(decoding[code])
			continue
		}
		i++
		if i == len(b) {
			out.WriteByte(' ')
			break
		}
		next := b[i] & 0x7F
		if r, ok := extension[next]; ok {
			out.WriteRune(r)
		} else if next == escape {
			out.WriteByte(' ')
		} else {
			out.WriteRune(decoding[next])
		}
	}
	return out.String()
}

// downgrades are the typographic signs that writing aids put in, with what the default alphabet has for them.
var downgrades = strings.NewReplacer(
	"\u2018", "'", "\u2019", "'", "\u201A", "'", "\u201B", "'", "\u201C", `"`, "\u201D", `"`, "\u201E", `"`, "\u00AB", `"`, "\u00BB", `"`,
	"\u2013", "-", "\u2014", "-", "\u2010", "-", "\u2011", "-", "\u2026", "...", "\u00A0", " ", "\u2009", " ", "\u202F", " ",
	"\u200B", "", "\uFEFF", "", "\u2022", "*", "`", "'", "\u00B4", "'", "\t", " ", "\u2212", "-",
)

// Downgrade replaces smart quotes, dashes, dots and odd blanks by plain ones, if the text then fits the default alphabet; else it
// returns the text as it is.
func Downgrade(s string) string {
	if fits(s) {
		return s
	}
	if plain := downgrades.Replace(s); fits(plain) {
		return plain
	}
	return s
}
