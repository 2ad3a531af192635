package say

// english holds the clip names of the English rules.
var english = &rules{
	ones:     [10]string{"digits/0", "digits/1", "digits/2", "digits/3", "digits/4", "digits/5", "digits/6", "digits/7", "digits/8", "digits/9"},
	teens:    [10]string{"numbers/10", "numbers/11", "numbers/12", "numbers/13", "numbers/14", "numbers/15", "numbers/16", "numbers/17", "numbers/18", "numbers/19"},
	tens:     [10]string{"", "", "numbers/20", "numbers/30", "numbers/40", "numbers/50", "numbers/60", "numbers/70", "numbers/80", "numbers/90"},
	hundred:  "numbers/hundred",
	thousand: "numbers/thousand",
	star:     "digits/star",
	pound:    "digits/pound",
	hour:     [2]string{"time/hour", "time/hours"},
	minute:   [2]string{"time/minute", "time/minutes"},
	second:   [2]string{"time/second", "time/seconds"},
	less:     "queue/less",
	oclock:   "time/oclock",
	oh:       "time/oh",
	am:       "time/am",
	pm:       "time/pm",
	before:   map[Kind]string{Position: "queue/position", Wait: "queue/wait"},
	after:    map[Kind]string{Position: "queue/in-line"},
}
