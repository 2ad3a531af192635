package flow

import "tandem/ivr/say"

// says lists all clips that spoken values need.
func says() []string {
	var list []string
	for _, k := range say.Kind("").Values() {
		list = append(list, say.Needs(say.Kind(k))...)
	}
	return list
}
