#!/bin/sh
# Renders every line of manifest with flite and shapes it with sox: 8 kHz, 16 bits, mono, silence trimmed, 20 ms of rest at
# both ends, peak at -6 dBFS. Needs flite (voice slt) and sox. Command for one clip:
#   flite -voice slt -t TEXT raw.wav && sox raw.wav NAME.wav <the chain below>
set -eu
cd "$(dirname "$0")"
tone() { # NOTE NOTE NOTE: one bar of a broken chord, 2 seconds
	sox -R -n -r 8000 -b 16 -c 1 "$parts/$bar.wav" synth 2 pluck "$1" synth 2 pluck mix "$2" synth 2 pluck mix "$3" fade 0.01 2 0.3 gain -n -14
	bar=$((bar + 1))
}
raw=$(mktemp --suffix=.wav)
parts=$(mktemp -d)
trap 'rm -rf "$raw" "$parts"' EXIT

# music/hold: eight bars of plucked chords, made here so that nobody else's music is shipped
bar=10
mkdir -p music
for chord in "C3 E3 G3" "A2 C3 E3" "F2 A2 C3" "G2 B2 D3" "C3 G3 E4" "A2 E3 C4" "F2 C3 A3" "G2 D3 B3"; do
	tone $chord
done
sox "$parts"/*.wav music/hold.wav lowpass 3000 gain -n -12
grep -v '^#' manifest | while read -r name voice text; do
	mkdir -p "$(dirname "$name")"
	flite -voice "$voice" -t "$text" "$raw"
	sox -R "$raw" -r 8000 -b 16 -c 1 "$name.wav" highpass 120 \
		silence 1 0.01 0.4% reverse silence 1 0.01 0.4% reverse \
		pad 0.02 0.02 gain -n -6
done
