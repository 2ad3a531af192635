// Package web holds the pages: the desk of agents and supervisors, the chat frame and the widget of websites, and the demo's customer page.
//
// Nouns: a page is an HTML file with a path of its own; everything else lies below /web/. All of it is written by hand as ES modules and
// embedded; vendor/MANIFEST says what is not ours.
//
// Obligations of the caller: serve Handler on the port on which the sockets and the API are, since the pages ask their own origin only.
//
// Ownership: none; what is served never changes while the process lives, unless Config.Dir is given.
//
// What it does not do: know who asks, or give data: that is the API's and the sockets' work.
package web
