// Package callback plans callbacks: requests for one, whatever channel they came by, and the attempts to reach the customer.
//
// Nouns: a Request asks for a callback; it is booked as a work item (Booking), in the place of a waiting call or anew. An
// Attempt is one try to reach the customer, its Outcome what became of it. Agent first: an agent is offered the item and rung,
// then the customer is dialled. Customer first: the item is dormant; when an agent will soon be free (Forecast) the customer is
// dialled and, once there, waits as a caller at the item's old place; in vain (Unserved), the item is dormant again. A request that
// is Held is not dialled before its customer has hung up (WisherGone). Plans is the pure core: Step takes an event and the
// time and returns effects. Owner is its one goroutine, with one bounded mailbox and one timer.
//
// Obligations of the caller:
//  1. Call Owner.Run once. Post and Request may come from any goroutine; Post never waits.
//  2. The methods of Queue, Dialer and Journal never wait. What follows comes by Post.
//  3. Every offer of a booked item is posted as Offered, its end as Withdrawn; the item's end, its refusal and a conversion that
//     the queue rejected as Ended.
//  4. Every Dial that returned nil is answered by exactly one Outcome. One that is missing counts as failed after the attempt's
//     time; one that comes after that is dropped.
//  5. Booking.Data stays with the item, of a converted one too. After a restart give the live items that are callbacks by
//     Restore; an offer that may come before that carries its item in Offered.Live.
//
// The queue counts attempts, keeps gap, window and place, and knows one live callback for a key. Here is decided whether a
// number may be called now, and whom to dial when.
//
// Ownership: Plans belongs to the owner's goroutine.
//
// What it does not do: route, place calls, confirm numbers with the customer, store anything but lines of the journal.
package callback
