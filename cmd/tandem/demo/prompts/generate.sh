#!/bin/sh
# Renders every line of manifest with flite and shapes it with sox: 8 kHz, 16 bits, mono, silence trimmed, 20 ms of rest at
# both ends, peak at -6 dBFS. Needs flite (voice slt) and sox. Command for one clip:
#   flite -voice slt -t TEXT raw.wav && sox raw.wav NAME.wav <the chain below>
set -eu
cd "$(dirname "$0")"
tone() { # NOTE NOTE NOTE: one bar of a soft chord, 2 seconds
	sox -R -n -r 8000 -b 16 -c 1 "$parts/$bar.wav" synth 2 sine "$1" synth 2 sine mix "$2" synth 2 sine mix "$3" fade 0.1 2 0.6 gain -n -14
	bar=$((bar + 1))
}
raw=$(mktemp --suffix=.wav)
parts=$(mktemp -d)
trap 'rm -rf "$raw" "$parts"' EXIT

# music/hold: eight bars of chords, made here so that nobody else's music is shipped
bar=10
mkdir -p music
for chord in "C4 E4 G4" "A3 C4 E4" "F4 A4 C5" "G4 B4 D5" "C4 G4 E5" "A3 E4 C5" "F4 C5 A5" "G4 D5 B5"; do
	tone $chord
done
sox -R "$parts"/*.wav music/hold.wav lowpass 3000 gain -n -12
grep -v '^#' manifest | while read -r name voice text; do
	mkdir -p "$(dirname "$name")"
	flite -voice "$voice" -t "$text" "$raw"
	sox -R "$raw" -r 8000 -b 16 -c 1 "$name.wav" highpass 120 \
		silence 1 0.01 0.4% reverse silence 1 0.01 0.4% reverse \
		pad 0.02 0.02 gain -n -6
done
