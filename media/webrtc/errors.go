package webrtc

import "errors"

// What can be wrong with a description; the text goes into Described.Err.
var (
	errNotBrowser  = errors.New("not a browser stream")
	errNoDTLS      = errors.New("no audio section over DTLS-SRTP")
	errNoMux       = errors.New("no rtcp-mux")
	errCredentials = errors.New("no usable ice-ufrag and ice-pwd")
	errFingerprint = errors.New("no usable fingerprint")
	errSetup       = errors.New("setup attribute not understood")
	errNoOffer     = errors.New("no offer is out")
	errLiteToo     = errors.New("the far end is ICE-lite too")
)

// What can go wrong with a connection; the text goes into Linked.Why.
var (
	errTimeout     = errors.New("handshake timed out")
	errNoProfile   = errors.New("no common SRTP profile")
	errCertificate = errors.New("the certificate is not the one of the fingerprint")
	errPageClosed  = errors.New("closed by the browser")
	errSilence     = errors.New("nothing heard for too long")
)
