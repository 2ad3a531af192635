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
		"Browser": TestBrowser, "BrowserAnomaly": TestBrowserAnomaly, "Token": TestToken, "BlindTransfer": TestBlindTransfer, "ReferralEdges": TestReferralEdges,
		"AttendedTransfer": TestAttendedTransfer, "Replaces": TestReplaces, "Originate": TestOriginate, "Order": TestOrder, "AgentLost": TestAgentLost, "Softphone": TestSoftphone, "HandoverAnomaly": TestHandoverAnomaly,
	} {
		t.Run(name, play)
	}
}
