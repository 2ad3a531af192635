// Package sdp reads, writes and negotiates session descriptions for audio (RFC 8866, RFC 3264, RFC 3605, RFC 4733 §2.4).
//
// Nouns: a Session is a whole description and a Media one of its m-lines; Caps is what we can do; Local is our side of one
// leg over its whole life; an Agreement is what Negotiate made of theirs and ours; a Result tells what an exchange changed.
//
// Obligations of the caller:
//  1. One Local per leg; it belongs to the leg's owner and is not safe for others.
//  2. Do exchanges in turn: after Offer comes AcceptAnswer, or Reject when the peer refused it. ErrTurn means that this was
//     not kept: 491 if the peer offered while our offer is out.
//  3. Answer ErrNoCommonCodec, ErrNoKeys and ErrNoAudio with 488, ErrSyntax and ErrTooBig with 400 or 488; the media in force goes on.
//  4. Where Result.Host is set, resolve it and put the address into the configuration before use.
//  5. Send what Offer and Answer gave as it is; send it again unchanged for retransmissions and reliable repeats.
//
// Reading is lenient: bare LF, missing s= and t=, static types without rtpmap, unknown lines and attributes are taken.
// Writing is strict. Unknown attributes are never echoed. Keys for SRTP are read and written (RFC 4568), as
// the leg is to be protected. There is no ICE, DTLS, video or T.38: such sections are refused.
package sdp
