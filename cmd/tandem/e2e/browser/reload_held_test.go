package browser

import "testing"

// TestReloadOnHold wants a caller on hold to stay there while the agent loads his page again.
func TestReloadOnHold(t *testing.T) {
	h := newLine(t)
	page := begin(t, h.Gateway, "reload_held.mjs")
	page.at("available")
	h.agent("available")
	h.reach()
	page.goOn()
	page.at("talks")
	page.goOn()
	page.at("held")
	hearsMusic(t, "the caller on hold hears music", h.caller.Ear())
	page.goOn()
	page.at("reloaded")
	hearsMusic(t, "the caller on hold hears music after the reload", h.caller.Ear())
	page.goOn()
	page.at("resumed")
	hears(t, "the caller hears the agent", h.caller.Ear(), agentTone, callerTone)
	page.goOn()
	page.end()
}
