// A socket that comes back by itself. Requests are promises; everything else goes to onframe.
// The page shows what the server says: after each reconnection the server sends all of it again.

const waits = [250, 500, 1000, 2000, 4000, 8000];

export class Socket {
  /** @param {string} path  @param {(frame: object) => void} onframe  @param {(up: boolean, code: number) => void} onlink */
  constructor(path, onframe, onlink) {
    this.path = path;
    this.onframe = onframe;
    this.onlink = onlink;
    this.next = 1;
    this.pending = new Map();
    this.tries = 0;
    this.closed = false;
    this.connect();
  }

  connect() {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const ws = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.ws = ws;
    ws.onopen = () => {
      this.tries = 0;
      this.onlink(true, 0);
    };
    ws.onmessage = (ev) => this.receive(JSON.parse(ev.data));
    ws.onclose = (ev) => {
      for (const { reject } of this.pending.values()) reject(new Error('connection lost'));
      this.pending.clear();
      this.onlink(false, ev.code);
      const superseded = ev.code === 4009;
      if (!this.closed && !superseded) setTimeout(() => this.connect(), waits[Math.min(this.tries++, waits.length - 1)]);
    };
  }

  receive(frame) {
    const wait = frame.re && this.pending.get(frame.re);
    if (wait) {
      this.pending.delete(frame.re);
      if (frame.t === 'error') wait.reject(Object.assign(new Error(frame.text), { code: frame.code }));
      else wait.resolve(frame);
    }
    if (!wait || frame.t !== 'ack') this.onframe(frame);
  }

  /** Sends a frame without waiting for an answer; false while there is no connection. */
  send(frame) {
    if (this.ws.readyState !== WebSocket.OPEN) return false;
    this.ws.send(JSON.stringify(frame));
    return true;
  }

  /** Sends a request and gives its answer, or throws with .code. */
  ask(frame) {
    const id = frame.id || `${Date.now().toString(36)}-${this.next++}`;
    return new Promise((resolve, reject) => {
      if (!this.send({ ...frame, id })) {
        reject(new Error('not connected'));
        return;
      }
      this.pending.set(id, { resolve, reject });
      setTimeout(() => this.pending.delete(id) && reject(new Error('no answer')), 15000);
    });
  }

  close() {
    this.closed = true;
    this.ws.close();
  }
}
