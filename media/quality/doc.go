// Package quality estimates how a stream sounds, from loss, jitter and delay, for G.711 (ITU-T G.107 E-model, reduced).
//
// The formulas, with their sources:
//
//	R   = 93.2 − Id − Ie,eff                        G.107 with default values (R0 − Is = 93.2)
//	Id  = 0.024·d + 0.11·(d − 177.3)·[d > 177.3]    d: one-way delay in ms; Cole and Rosenbluth, 2001
//	Ie,eff = 95·Ppl / (Ppl/BurstR + Bpl)            G.107 §3.5 with Ie = 0 (G.711); Ppl: loss in percent
//	Bpl = 4.3 without concealment, 25.1 with        G.113 Appendix I, G.711 with 10 ms packets
//	MOS = 1 + 0.035·R + 7·10⁻⁶·R·(R − 60)·(100 − R) G.107 Annex B, 1 for R ≤ 0 and 4.5 for R ≥ 100
//	d   = delay + packet time + 2·jitter            the usual guess for a jitter buffer at the listener
//
// Nouns: an Input is what is known of one direction of a stream; R is its rating, MOS the score of that.
//
// Obligations of the caller: give figures of one direction only.
//
// It measures nothing itself and does not look at the sound: a stream of silence has a fine figure.
package quality
