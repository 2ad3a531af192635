// Audio between a page and the gateway: one RTCPeerConnection per call, no trickle, G.711 without transcoding.

import { t } from './words.js';

const clear = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const gatherLimit = 2000; // ms

let context;

/** The page's audio clock. Browsers want a click before it runs. */
export function audioContext() {
  context ||= new AudioContext();
  if (context.state === 'suspended') context.resume();
  return context;
}

/**
 * What the page says. "mic" is the microphone, "mic:ID" that one of several, "raw" one without treatment; "test" is a voice of its own, so
 * that a call needs no microphone and no permission; a number is a steady tone of so many hertz. Errors are for the user to read.
 */
export async function source(kind) {
  if (kind.startsWith('mic')) {
    const id = kind.slice(4);
    return microphone(id ? { ...clear, deviceId: { ideal: id } } : clear);
  }
  if (kind === 'raw') return microphone(plain);
  const ctx = audioContext();
  const to = ctx.createMediaStreamDestination();
  const gain = ctx.createGain();
  gain.gain.value = 0.25;
  const tone = ctx.createOscillator();
  tone.frequency.value = Number(kind) || 320;
  if (!Number(kind)) hum(ctx, tone, gain);
  tone.connect(gain).connect(to);
  tone.start();
  to.stream.stop = () => tone.stop();
  return to.stream;
}

async function microphone(audio) {
  if (!navigator.mediaDevices) throw new Error(t('The browser gives no microphone to a page without https.'));
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (err) {
    const why = {
      NotAllowedError: t('The microphone is blocked for this page. Allow it beside the address, and try again.'),
      NotFoundError: t('No microphone was found. Plug one in, and try again.'),
      NotReadableError: t('The microphone is taken by another program.'),
    }[err.name];
    throw new Error(why || t('The microphone does not work: {why}', { why: err.message }));
  }
}

// hum makes a tone sound like somebody who talks: syllables that rise and fall.
function hum(ctx, tone, gain) {
  const slow = ctx.createOscillator();
  const depth = ctx.createGain();
  slow.frequency.value = 3.2;
  depth.gain.value = 0.2;
  slow.connect(depth).connect(gain.gain);
  slow.start();
  const sweep = ctx.createOscillator();
  const width = ctx.createGain();
  sweep.frequency.value = 0.7;
  width.gain.value = 90;
  sweep.connect(width).connect(tone.frequency);
  sweep.start();
}

export class Line {
  /** @param {MediaStream} voice  @param {(state: string) => void} onstate */
  constructor(voice, onstate = () => {}) {
    this.voice = voice;
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.sender = this.pc.addTrack(voice.getAudioTracks()[0], voice);
    this.pc.onconnectionstatechange = () => onstate(this.pc.connectionState);
    this.pc.ontrack = (ev) => this.hear(ev.streams[0] || new MediaStream([ev.track]));
    this.speaker = new Audio();
    this.speaker.autoplay = true;
  }

  hear(stream) {
    this.speaker.srcObject = stream;
    this.speaker.play().catch(() => {}); // until the first click the browser keeps quiet
    const ctx = audioContext();
    this.heard = ctx.createAnalyser();
    this.heard.fftSize = 2048;
    ctx.createMediaStreamSource(stream).connect(this.heard);
  }

  /** Gives an SDP offer with all candidates in it. */
  async offer() {
    await this.pc.setLocalDescription(await this.pc.createOffer());
    return this.gathered();
  }

  /** Gives the answer to an SDP offer. */
  async answer(sdp) {
    await this.pc.setRemoteDescription({ type: 'offer', sdp });
    await this.pc.setLocalDescription(await this.pc.createAnswer());
    return this.gathered();
  }

  accept(sdp) {
    return this.pc.setRemoteDescription({ type: 'answer', sdp });
  }

  /** Gives the offer that puts the other side on hold, or takes it back. */
  hold(on) {
    for (const t of this.pc.getTransceivers()) t.direction = on ? 'sendonly' : 'sendrecv';
    return this.offer();
  }

  async gathered() {
    if (this.pc.iceGatheringState !== 'complete') {
      await new Promise((done) => {
        this.pc.addEventListener('icegatheringstatechange', () => this.pc.iceGatheringState === 'complete' && done());
        setTimeout(done, gatherLimit);
      });
    }
    return this.pc.localDescription.sdp;
  }

  /** Goes on with another voice. */
  async use(voice) {
    const muted = this.voice.getAudioTracks().some((t) => !t.enabled);
    await this.sender.replaceTrack(voice.getAudioTracks()[0]);
    this.quiet();
    this.voice = voice;
    this.mute(muted);
  }

  quiet() {
    if (this.voice.stop) this.voice.stop();
    for (const track of this.voice.getTracks()) track.stop();
  }

  mute(on) {
    for (const track of this.voice.getAudioTracks()) track.enabled = !on;
  }

  /** Sends keys by RFC 4733; false where the browser cannot. */
  digits(keys) {
    if (!this.sender.dtmf || !this.sender.dtmf.canInsertDTMF) return false;
    this.sender.dtmf.insertDTMF(keys, 100, 70);
    return true;
  }

  /** How loud a frequency is in what is heard, in dB; without one, the loudest. */
  level(hz) {
    if (!this.heard) return -Infinity;
    const bins = new Float32Array(this.heard.frequencyBinCount);
    this.heard.getFloatFrequencyData(bins);
    if (!hz) return Math.max(...bins);
    const at = Math.round((hz * this.heard.fftSize) / this.heard.context.sampleRate);
    return Math.max(bins[at - 1], bins[at], bins[at + 1]);
  }

  close() {
    this.pc.close();
    this.speaker.srcObject = null;
    this.quiet();
  }
}
