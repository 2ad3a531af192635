// A browser's telephone made of JsSIP alone, on a page of another site: it says a tone and measures what it hears.

/* global JsSIP */

const context = new AudioContext();
const calls = [];

// voice is a steady tone as a microphone.
function voice(hz) {
  const to = context.createMediaStreamDestination();
  const tone = new OscillatorNode(context, { frequency: hz });
  tone.connect(new GainNode(context, { gain: 0.25 })).connect(to);
  tone.start();
  return to.stream;
}

// Call is a session with an ear on what comes from the far side.
class Call {
  constructor(session) {
    this.session = session;
    this.state = 'new';
    const listen = (pc) => pc.addEventListener('track', (ev) => this.hear(new MediaStream([ev.track])));
    if (session.connection) listen(session.connection);
    else session.on('peerconnection', ({ peerconnection }) => listen(peerconnection));
    session.on('confirmed', () => (this.state = 'up'));
    session.on('hold', () => (this.state = 'held'));
    session.on('unhold', () => (this.state = 'up'));
    session.on('ended', ({ cause }) => (this.state = `ended: ${cause}`));
    session.on('failed', ({ cause, message }) => (this.state = `failed: ${cause} ${message?.status_code ?? ''}`));
  }

  hear(stream) {
    const speaker = new Audio(); // without one the browser does not decode
    speaker.srcObject = stream;
    speaker.play();
    this.ear = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(stream).connect(this.ear);
  }

  /** How loud a frequency is in what is heard, in dB; without one, the loudest. */
  level(hz) {
    if (!this.ear) return -200;
    const bins = new Float32Array(this.ear.frequencyBinCount);
    this.ear.getFloatFrequencyData(bins);
    if (!hz) return Math.max(-200, ...bins);
    const at = Math.round((hz * this.ear.fftSize) / context.sampleRate);
    return Math.max(-200, bins[at - 1], bins[at], bins[at + 1]);
  }
}

const media = (hz) => ({ mediaStream: voice(hz), mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });

window.client = {
  calls,
  state: 'new',
  start({ url, user, domain, password }) {
    const ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(url)], uri: `sip:${user}@${domain}`, authorization_user: user, password });
    this.ua = ua;
    ua.on('disconnected', ({ error, reason }) => (this.state = `disconnected ${error} ${reason ?? ''}`));
    ua.on('registered', () => (this.state = 'registered'));
    ua.on('unregistered', () => (this.state = 'unregistered'));
    ua.on('registrationFailed', ({ cause }) => (this.state = `refused: ${cause}`));
    ua.on('newRTCSession', ({ session }) => calls.push(new Call(session)));
    ua.start();
  },
  dial(to, hz) {
    this.ua.call(to, media(hz));
  },
  answer(hz) {
    calls.at(-1).session.answer(media(hz));
  },
};
