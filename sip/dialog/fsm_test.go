package dialog

import (
	"testing"

	"tandem/sip/siptest"
)

func TestDialogMachine(t *testing.T) {
	siptest.Machine[State, dialogOn, dialogDo]{
		Machine: dialogMachine, States: stateNames[:], Events: dialogOnNames[:], Effects: dialogDoNames[:],
		Ends: []State{StateTerminated}, Golden: "dialog_fsm.md",
		Head: "# dialog_fsm\n", Foot: "\nNot listed: a retransmission or a crossing: nothing changes.\n",
	}.Check(t)
}

func TestTurnMachine(t *testing.T) {
	siptest.Machine[turnState, turnOn, turnDo]{
		Machine: turnMachine, States: turnNames[:], Events: turnOnNames[:], Effects: turnDoNames[:],
		Ends: []turnState{turnStable}, Golden: "turn_fsm.md",
		Head: "# turn_fsm\n", Foot: "\nNot listed: an answer that nobody asked for: dropped.\n",
	}.Check(t)
}

func TestSlotMachine(t *testing.T) {
	siptest.Machine[slotState, slotOn, slotDo]{
		Machine: slotMachine, States: slotNames[:], Events: slotOnNames[:], Effects: slotDoNames[:],
		Ends: []slotState{slotFree}, Golden: "slot_fsm.md",
		Head: "# slot_fsm\n", Foot: "\nNot listed: a retransmission: nothing changes.\n",
	}.Check(t)
}

func TestNames(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{Release.String(), "Release"}, {EffectKind(99).String(), "?"}, {Misused.String(), "Misused"}, {EventKind(99).String(), "?"},
		{HowProtocol.String(), "protocol"}, {ViaInvite.String(), "2xx to INVITE"}, {Network.String(), "network"}, {StateConfirmed.String(), "confirmed"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
