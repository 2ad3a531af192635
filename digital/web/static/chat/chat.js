// The visitor's chat, and the call beside it. What it holds can be had again: the session's token resumes the conversation exactly.

import { html, render, useEffect, useReducer, useRef, useState } from '../vendor/preact.mjs';
import { useBottom } from '../lib/bottom.js';
import { Attach, FileOf, upload } from '../lib/files.js';
import { clock } from '../lib/time.js';
import { Line, source } from '../lib/rtc.js';
import { Socket } from '../lib/socket.js';
import { kind, memory, Voice } from '../lib/voice.js';
import { language, t } from '../lib/words.js';

const params = new URLSearchParams(location.hash.slice(1));
const calls = new URLSearchParams(location.search).get('calls') === 'on';
// A frame of another site may be refused a memory: then the site keeps the session's token for us, and gives it back when it opens the frame.
const site = parent !== window && document.referrer ? new URL(document.referrer).origin : '';

function remember(token) {
  memory.set(key, token);
  if (site && memory.get(key) !== token) parent.postMessage({ t: 'keep', token }, site);
}

const key = `tandem chat ${params.get('token') || ''}`;

const words = {
  flow: t('The assistant answers'), open: t('Write to us'), waiting: t('Looking for a free agent'), agent: t('You are talking to a person'),
  parked: t('We will answer here'), closed: t('This conversation has ended'),
};

const empty = { up: false, state: 'open', agent: '', position: 0, messages: [], pending: [], typing: false, read: 0, call: null, fault: '', limits: {} };

function withMessage(list, m) {
  if (list.some((x) => x.seq === m.seq)) return list;
  return [...list, m].sort((a, b) => a.seq - b.seq);
}

function fold(s, f) {
  switch (f.t) {
    case 'welcome':
      return { ...s, up: true, state: f.state, agent: f.agent || '', position: f.position || 0, fault: '', limits: f.limits || {}, messages: f.resumed ? s.messages : [] };
    case 'state':
      return { ...s, state: f.state, agent: f.agent || '', position: f.position || 0 };
    case 'msg.new':
      return { ...s, typing: false, messages: withMessage(s.messages, f.message), pending: s.pending.filter((p) => p.id !== f.message.id) };
    case 'msg.refused':
      return { ...s, pending: s.pending.map((p) => (p.id === f.id ? { ...p, failed: f.code } : p)) };
    case 'msg.progress':
      return f.from === 'agent' && f.delivery === 'read' ? { ...s, read: Math.max(s.read, f.seq) } : s;
    case 'typing':
      return { ...s, typing: f.on };
    case 'position':
      return { ...s, position: f.position };
    case 'call.state':
    case 'call.ring':
      return { ...s, call: f.state === 'ended' ? null : { state: f.t === 'call.ring' ? 'ringing' : f.state, sdp: f.sdp, from: f.from, why: f.why }, fault: f.state === 'ended' && f.why ? t(f.why) : s.fault };
    case 'error':
      return { ...s, fault: { call: t('Nobody can be called right now.'), busy: t('That was too fast. Try again in a moment.') }[f.code] || '' };
    case 'fault':
      return { ...s, fault: f.text };
    case 'down':
      return { ...s, up: false };
    case 'mine':
      return { ...s, pending: [...s.pending, f.message], fault: '' };
    default:
      return s;
  }
}

// Room is the conversation's socket: hello first, then frames.
class Room {
  constructor(onframe) {
    this.onframe = onframe;
    this.last = 0;
    this.token = memory.get(key) || params.get('resume') || '';
    this.socket = new Socket('/chat/socket', (f) => this.receive(f), (up) => (up ? this.hello() : onframe({ t: 'down' })));
  }

  hello() {
    this.socket.send({
      t: 'hello', v: 1, token: this.token, link: params.get('token') || '', after: this.last,
      language, page: params.get('page') || document.referrer || location.href,
      facts: params.get('context') ? { context: params.get('context') } : undefined,
    });
  }

  receive(f) {
    if (f.t === 'welcome') {
      if (f.token) remember((this.token = f.token));
      if (!f.resumed) this.last = 0;
      if (calls) this.socket.send({ t: 'call.here' });
    }
    if (f.t === 'msg.new') {
      this.last = Math.max(this.last, f.message.seq);
      if (f.message.from !== 'customer') this.socket.send({ t: document.hasFocus() ? 'read' : 'got', seq: f.message.seq });
    }
    this.onframe(f);
  }

  say(text, choice) {
    this.send({ id: crypto.randomUUID(), text, choice }, text);
  }

  send(message, shown) {
    this.onframe({ t: 'mine', message: { id: message.id, text: shown } });
    this.socket.send({ t: 'msg.send', ...message });
  }

  proof() {
    return { Authorization: `Bearer ${this.token}` };
  }

  async attach(file) {
    const { ref } = await upload('/chat/socket/attachment', file, this.proof());
    this.send({ id: crypto.randomUUID(), text: '', attachment: ref }, file.name);
  }

  file(ref) {
    return fetch(`/chat/socket/attachment/${ref}`, { headers: this.proof() });
  }
}

// unread tells the site how many messages came while nobody looked.
let missed = 0;

function unread() {
  if (document.hasFocus()) return;
  missed++;
  parent.postMessage({ t: 'unread', n: missed }, '*');
}

addEventListener('focus', () => (missed = 0));
addEventListener('message', (ev) => {
  if (ev.source === parent && ev.data?.t === 'seen') missed = 0;
});

function App() {
  const [state, dispatch] = useReducer(fold, empty);
  const [, redraw] = useReducer((n) => n + 1, 0);
  const refs = useRef(null);
  if (!refs.current) {
    const handle = (f) => {
      dispatch(f);
      const { line } = refs.current;
      if (f.t === 'rtc.answer') line?.accept(f.sdp);
      if (f.t === 'call.state' && f.state === 'ended') hangUp();
      if (f.t === 'call.ring') parent.postMessage({ t: 'ringing' }, '*');
      if (f.t === 'call.state' && f.state === 'up' && !line) reattach().catch(say);
      if (f.t === 'msg.new' && f.message.from !== 'customer') unread();
    };
    const hangUp = () => {
      refs.current.line?.close();
      refs.current.line = null;
      redraw();
    };
    const open = async () => {
      refs.current.line?.close();
      refs.current.line = new Line(await source(kind()), redraw);
      return refs.current.line;
    };
    const speak = (voice) => source(voice).then((s) => refs.current.line?.use(s)).catch(say);
    const say = (err) => dispatch({ t: 'fault', text: err.message });
    const reattach = async () => room.socket.send({ t: 'rtc.offer', sdp: await (await open()).offer() });
    refs.current = { line: null, open, hangUp, say, speak };
    const room = new Room(handle);
    refs.current.room = room;
    window.tandem = refs.current; // for tests
  }
  const { room, open, hangUp, say, speak } = refs.current;

  async function call() {
    room.socket.send({ t: 'call.start', sdp: await (await open()).offer() });
  }
  async function answer() {
    room.socket.send({ t: 'call.answer', sdp: await (await open()).answer(state.call.sdp) });
  }
  function end() {
    room.socket.send({ t: 'call.hangup' });
    hangUp();
  }

  const waiting = state.state === 'waiting' && state.position > 0;
  return html`<div class="chat">
    <header>
      <h1 class="grow">${state.state === 'agent' && state.agent ? t('You are talking to {agent}', { agent: state.agent }) : words[state.state] || t('Chat')}</h1>
      ${waiting && html`<span class="pill warn">${t('number {position} in line', { position: state.position })}</span>`}
      <span class="pill ${state.up ? 'good' : 'bad'}">${state.up ? t('connected') : t('connecting…')}</span>
      ${calls && !state.call && html`<button onClick=${() => call().catch(say)} disabled=${!state.up}>${t('Call')}</button>`}
    </header>
    <${Thread} state=${state} room=${room} say=${say} choose=${(c) => room.say(c.label, c.key)} />
    <footer>
      ${state.call && html`<div class="card call row ${state.call.state === 'ringing' ? 'ringing' : ''}" role="group" aria-label=${t('Call')} data-call=${state.call.state}>
        <strong class="grow">${{ calling: t('Calling…'), ringing: state.call.from ? t('{name} would like to talk to you', { name: state.call.from }) : t('We would like to talk to you'), up: t('You are talking') }[state.call.state] || state.call.state}</strong>
        ${state.call.state === 'ringing' && html`<button class="primary" onClick=${() => answer().catch(say)}>${t('Answer')}</button>`}
        <${Voice} line=${state.call.state} changed=${speak} />
        <button class="danger" onClick=${end}>${state.call.state === 'ringing' ? t('Not now') : t('Hang up')}</button>
      </div>`}
      ${state.fault && html`<p class="error small" role="alert">${state.fault}</p>`}
      <${Compose} room=${room} limits=${state.limits} up=${state.up} say=${say} />
    </footer>
  </div>`;
}

function Thread({ state, room, say, choose }) {
  const end = useRef(null);
  useBottom(end, [state.messages.length, state.pending.length, state.typing]);
  const last = state.messages[state.messages.length - 1];
  const kind = (m) => (m.from === 'customer' ? 'mine' : m.from === 'system' ? 'note' : '');
  return html`<div class="thread" role="log" aria-label=${t('Conversation')} aria-live="polite" tabindex="0">
    ${state.messages.map((m) => html`<div key=${m.seq} class="bubble ${kind(m)}" data-from=${m.from}>${m.attachment && html`<${FileOf} file=${m.attachment} get=${(ref) => room.file(ref)} say=${say} />`}${m.text}<small>${m.name ? `${m.name} · ` : ''}${clock(m.at)}${m.from === 'customer' && m.seq <= state.read ? ` · ${t('read')}` : ''}</small></div>`)}
    ${last?.choices?.length > 0 && html`<div class="choices" role="group" aria-label=${t('Answers')}>${last.choices.map((c) => html`<button onClick=${() => choose(c)}>${c.label}</button>`)}</div>`}
    ${state.pending.map((p) => html`<div key=${p.id} class="bubble mine">${p.text}<small class=${p.failed ? 'error' : ''}>${p.failed ? t('not sent') : t('sending…')}</small></div>`)}
    ${state.typing && html`<div class="bubble note">${t('is typing…')}</div>`}
    <div ref=${end}></div>
  </div>`;
}

function Compose({ room, limits, up, say }) {
  const [text, setText] = useState('');
  const typed = useRef(0);
  function submit(ev) {
    ev.preventDefault();
    if (!text.trim()) return;
    room.say(text.trim());
    setText('');
  }
  return html`<form class="compose" onSubmit=${submit}>
    ${limits.file_bytes > 0 && html`<${Attach} accept=${(limits.file_types || []).join(',')} put=${(file) => room.attach(file)} say=${say} disabled=${!up} />`}
    <textarea aria-label=${t('Message')} placeholder=${t('Write a message')} rows="1" maxlength="4000" value=${text} onInput=${(ev) => {
      setText(ev.target.value);
      if (Date.now() - typed.current > 2000) {
        typed.current = Date.now();
        room.socket.send({ t: 'typing', on: true });
      }
    }} onKeyDown=${(ev) => ev.key === 'Enter' && !ev.shiftKey && submit(ev)}></textarea>
    <button class="primary">${t('Send')}</button></form>`;
}

if (site) parent.postMessage({ t: 'words', close: t('Close') }, site);
render(html`<${App} />`, document.getElementById('app'));
