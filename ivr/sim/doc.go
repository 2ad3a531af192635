// Package sim runs flows in virtual time from a script, checks what the script expects, and tells which exits were covered.
// A script is a text file with one line for each thing that happens or must happen; # begins a comment.
//
//	flow main                     the entry; or: to +4930123 with a number of the dialplan
//	at 2026-12-24 17:30 Europe/Berlin
//	from +49301234567
//	ctx topic = billing           an attribute known before
//	caller presses 12#            caller waits 10s            caller hangs up
//	agent answers                 agent hangs up              queue refuses full       queue gives up | callback booked | callback refused REASON
//	no agent for 30s
//	position 3 wait 2m 4m         place, P50, P80 ("unknown" instead of the two)
//	dial answers                  dial fails busy             dial ends
//	transfer succeeds             transfer fails              link sent                link fails no_consent
//	expect prompt demo/welcome    expect answer               expect queue support     expect dial echo
//	expect transfer ext-7         expect hangup 16            expect exit menu 1       expect step menu
//	expect attribute topic = x    expect silence on demo/x    expect end
//	expect link +4930123          to that number
//	expect leave queue            expect journal step-input flow=main input=1 step=menu
//
// An expect line looks forward from the last thing it found, letting time pass until it comes or nothing more can come. A
// journal line names any of the event's data, in any order.
// Every clip lasts ClipTime. A key is pressed at the instant that the lines before it have reached.
//
// Obligations of the caller: (1) loaded dialplans only; (2) one goroutine for each Result.
//
// What it does not do: audio, signalling, real time.
package sim
