// The softphone of a desk: one Line per call. It asks the server for everything; what the browser holds can be made anew.

import { Line, source } from '../lib/rtc.js';
import { kind } from '../lib/voice.js';

export class Softphone {
  /** @param {import('../lib/socket.js').Socket} socket  @param {() => void} changed */
  constructor(socket, changed) {
    this.socket = socket;
    this.changed = changed;
    this.lines = new Map();
    this.voice = kind();
    this.muted = new Set();
    this.busy = new Set();
    this.listening = null; // the call by which a supervisor listens, and to whom
  }

  /** Speaks with another voice, in the calls that are up too. */
  async setVoice(voice) {
    this.voice = voice;
    for (const [call, line] of this.lines) {
      if (call !== this.listening?.call) await line.use(await source(voice));
    }
    this.changed();
  }

  async line(call) {
    const line = new Line(await source(this.voice), () => this.changed());
    this.lines.get(call)?.close();
    this.lines.set(call, line);
    return line;
  }

  /** The answer to the call of an offer, or to a call that rings. */
  async answerTo(call, sdp) {
    const line = await this.line(call);
    return line.answer(sdp);
  }

  async dial(to, record) {
    const line = new Line(await source(this.voice), () => this.changed());
    try {
      const { id } = await this.socket.ask({ t: 'call.dial', to, record, sdp: await line.offer() });
      this.lines.set(id, line);
      return id;
    } catch (err) {
      line.close();
      throw err;
    }
  }

  /** Listens to an agent's call, as a supervisor. One at a time: the server ends the one before. */
  async listen(agent) {
    const line = new Line(await source('test'), () => this.changed());
    line.mute(true);
    try {
      const { id } = await this.socket.ask({ t: 'listen', to: agent, sdp: await line.offer() });
      this.lines.set(id, line);
      this.listening = { call: id, agent };
      this.changed();
    } catch (err) {
      line.close();
      throw err;
    }
  }

  /** After a reload: takes up the listening that the server still has; there is none where hears is missing. */
  async relisten(hears) {
    if (!hears) {
      if (this.listening) this.gone(this.listening.call);
      return;
    }
    this.listening = hears;
    if (this.lines.has(hears.call)) return;
    const line = new Line(await source('test'), () => this.changed());
    line.mute(true);
    this.lines.set(hears.call, line);
    try {
      await this.socket.ask({ t: 'listen.again', call: hears.call, sdp: await line.offer() });
      this.changed();
    } catch (err) {
      this.gone(hears.call);
      throw err;
    }
  }

  /** Notes whom the supervisor hears now: a transfer may have brought another agent. */
  hears(agents, user) {
    const agent = agents.find((a) => a.listeners?.includes(user))?.agent;
    if (this.listening && agent) this.listening.agent = agent;
  }

  /** Ends the listening. */
  async unlisten() {
    if (this.listening) await this.socket.ask({ t: 'listen.stop', call: this.listening.call });
  }

  /** After a reload: every call that is up gets a new browser connection behind the same call. */
  async reattach(calls) {
    for (const c of calls) {
      if ((c.state !== 'up' && c.state !== 'held') || this.lines.has(c.call) || this.busy.has(c.call)) continue;
      this.busy.add(c.call);
      try {
        const line = await this.line(c.call);
        const sdp = await (c.state === 'held' ? line.hold(true) : line.offer()); // whom the agent left on hold stays there
        await this.socket.ask({ t: 'rtc.offer', call: c.call, sdp });
      } finally {
        this.busy.delete(c.call);
      }
    }
  }

  accepted(call, sdp) {
    return this.lines.get(call)?.accept(sdp);
  }

  async hold(call, on) {
    const sdp = await this.lines.get(call)?.hold(on);
    if (sdp) await this.socket.ask({ t: on ? 'call.hold' : 'call.resume', call, sdp });
  }

  mute(call, on) {
    this.lines.get(call)?.mute(on);
    if (on) this.muted.add(call);
    else this.muted.delete(call);
    this.changed();
  }

  digits(call, keys) {
    if (!this.lines.get(call)?.digits(keys)) this.socket.send({ t: 'call.digits', call, digits: keys });
  }

  gone(call) {
    this.lines.get(call)?.close();
    this.lines.delete(call);
    this.muted.delete(call);
    if (this.listening?.call === call) {
      this.listening = null;
      this.changed();
    }
  }
}
