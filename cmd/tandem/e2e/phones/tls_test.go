package phones

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

// TestTLS: two telephones that know the gateway by TLS only register, call each other and hang up.
func TestTLS(t *testing.T) {
	t.Parallel()
	rig.Need(t, "baresip")
	g := rig.Start(t, rig.Site{TLS: true, Body: fmt.Sprintf(`
endpoints:
  anna: {extension: 201, password: %[1]s}
  ben: {extension: 202, password: %[1]s}
`, rig.PasswordRef)})
	phone := func(name string, hz float64, mode string) *rig.Phone {
		return rig.StartPhone(t, rig.PhoneSetup{Name: name, Host: rig.Host(t), Hz: hz, Account: fmt.Sprintf(
			`<sip:%[1]s@%[2]s;transport=tls>;auth_user=%[1]s;auth_pass=%[3]s;outbound="sip:%[4]s;transport=tls";regint=60;answermode=%[5]s;audio_codecs=pcmu`,
			name, rig.Domain, rig.Password, g.TLS, mode)})
	}
	anna, ben := phone("anna", agentTone, "auto"), phone("ben", callerTone, "manual")
	rig.Await(t, "both are registered by TLS", 15*time.Second, func() bool {
		var list []control.Endpoint
		g.JSON(t, &list, "endpoint", "list")
		n := 0
		for _, e := range list {
			if e.Registered && strings.Contains(e.Bindings[0].URI, "transport=tls") {
				n++
			}
		}
		return n == 2
	})
	for _, end := range []*rig.Phone{anna, ben} { // each of them hangs up once
		ben.Do("dial", "sip:201@"+rig.Domain)
		ben.Saw("CALL_ESTABLISHED", 10*time.Second)
		for hears, hz := range map[*rig.Phone]float64{anna: callerTone, ben: agentTone} {
			ear := hears.Ear()
			rig.Await(t, fmt.Sprintf("%.0f Hz is heard", hz), 15*time.Second, func() bool {
				last := ear.Last(mediatest.Rate / 10)
				return last != nil && mediatest.Find(last, hz) > level-3
			})
		}
		end.Do("hangup", "")
		g.Idle(t)
	}
}
