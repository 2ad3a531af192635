package b2bua

import "testing"

// TestPiped plays all ladders with the engine behind an encoder and a byte pipe: nothing but values may cross to it, and nobody
// may see a difference.
func TestPiped(t *testing.T) {
	piped = true
	defer func() { piped = false }()
	for name, play := range map[string]func(*testing.T){
		"Script": TestScript, "Early": TestEarly, "Digits": TestDigits, "LateOffer": TestLateOffer, "Refusals": TestRefusals,
		"CallerEnds": TestCallerEnds, "Dial": TestDial, "CallerLeaves": TestCallerLeaves, "Forks": TestForks, "Redirect": TestRedirect,
		"Trunks": TestTrunks, "Hold": TestHold, "Reinvite": TestReinvite, "Refresh": TestRefresh, "Queue": TestQueue,
		"Admission": TestAdmission, "MediaAnomaly": TestMediaAnomaly, "CallAnomaly": TestCallAnomaly, "Recording": TestRecording,
	} {
		t.Run(name, play)
	}
}
