package main

import "net/http"

// deskFiles is where pages of the desk get and put the files of conversations.
const deskFiles = "/desk/files/"

// giveFile gives somebody a file of a conversation whose words he may read.
func (g *site) giveFile(w http.ResponseWriter, r *http.Request) {
	conversation := r.PathValue("conversation")
	if p, ok := person(r); !ok || !g.words.mayRead(p, conversation) {
		http.Error(w, "this conversation is not yours", http.StatusForbidden)
		return
	}
	g.chat.GiveFile(w, r, conversation, r.PathValue("ref"))
}

// takeFile stores a file that an agent is about to send in a conversation that he has in hand.
func (g *site) takeFile(w http.ResponseWriter, r *http.Request) {
	conversation := r.PathValue("conversation")
	p, ok := person(r)
	if ok && p.Agent != "" {
		_, err := g.words.owned(p.Agent, conversation)
		ok = err == nil
	}
	if !ok || p.Agent == "" {
		http.Error(w, "this conversation is not yours", http.StatusForbidden)
		return
	}
	g.chat.TakeFile(w, r, conversation)
}
