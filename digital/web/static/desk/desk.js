// The desk of agents and supervisors.

import { html, render, useEffect, useReducer, useRef, useState } from '../vendor/preact.mjs';
import { Socket } from '../lib/socket.js';
import { since } from '../lib/time.js';
import { Voice } from '../lib/voice.js';
import { empty, fold } from './state.js';
import { Softphone } from './phone.js';
import { Offer, Rail } from './rail.js';
import { Work } from './work.js';
import { Story } from './story.js';
import { Board } from './board.js';

const states = [
  ['available', 'Available'],
  ['away:break', 'On a break'],
  ['away:lunch', 'At lunch'],
  ['away:meeting', 'In a meeting'],
  ['away:back office', 'Back office'],
  ['offline', 'Signed out'],
];

function App() {
  const [who, setWho] = useState(undefined);
  useEffect(() => {
    fetch('/v1/session').then((r) => (r.ok ? r.json() : null)).then(setWho, () => setWho(null));
  }, []);
  if (who === undefined) return html`<p class="empty">One moment…</p>`;
  return who ? html`<${Desk} who=${who} />` : html`<${Login} done=${setWho} />`;
}

function Login({ done }) {
  const [fault, setFault] = useState('');
  async function submit(ev) {
    ev.preventDefault();
    const form = new FormData(ev.target);
    const answer = await fetch('/v1/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Tandem-Request': '1' },
      body: JSON.stringify({ user: form.get('user'), password: form.get('password') }),
    });
    if (answer.ok) done(await answer.json());
    else setFault({ 401: 'Name or password is wrong.', 403: 'This user may not sign in.', 429: 'Too many tries. Wait a minute.' }[answer.status] || 'Nobody can sign in right now. Try again in a moment.');
  }
  return html`<main class="login card stack">
    <div class="row"><img src="/web/icon.svg" alt="" width="32" height="32" /><h1>Tandem desk</h1></div>
    <form onSubmit=${submit}>
      <label>Name<input name="user" autocomplete="username" required autofocus /></label>
      <label>Password<input name="password" type="password" autocomplete="current-password" required /></label>
      <p class="error" role="alert">${fault}</p>
      <button class="primary">Sign in</button>
    </form>
  </main>`;
}

// useNow gives the time, once a second, for timers.
function useNow() {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const id = setInterval(() => set(Date.now()), 1000);
    return () => clearInterval(id);
  }, []);
  return now;
}

function Desk({ who }) {
  const [state, dispatch] = useReducer(fold, empty);
  const [, redraw] = useReducer((n) => n + 1, 0);
  const now = useNow();
  const refs = useRef(null);
  if (!refs.current) {
    const handle = (frame) => {
      dispatch(frame);
      const phone = refs.current.phone;
      if (frame.t === 'snapshot') phone.reattach(frame.calls || []).catch(say);
      if (frame.t === 'snapshot') phone.relisten(frame.hears).catch(say);
      if (frame.t === 'board') phone.hears(frame.agents || [], who.user);
      if (frame.t === 'rtc.answer') phone.accepted(frame.id, frame.sdp)?.catch(say);
      if (frame.t === 'call.gone' && frame.why && phone.listening?.call === frame.id) say(new Error(frame.why));
      if (frame.t === 'call.gone') phone.gone(frame.id);
      if (frame.t === 'notice') say(new Error(frame.text));
      if (frame.t === 'story.changed' && frame.id === refs.current.record) socket.ask({ t: 'story', record: frame.id }).catch(() => {});
    };
    const say = (err) => {
      dispatch({ t: 'toast', text: err.message });
      setTimeout(() => dispatch({ t: 'toast', text: '' }), 5000);
    };
    const socket = new Socket('/desk/socket', handle, (up) => dispatch({ t: 'up', up }));
    refs.current = { socket, phone: new Softphone(socket, redraw), say };
    window.tandem = refs.current; // for tests and for sites that embed the desk
  }
  const { socket, phone, say } = refs.current;
  const ask = (frame) => socket.ask(frame).catch(say);
  refs.current.state = () => state;
  const ctx = { state, dispatch, socket, phone, ask, say, now };

  const item = state.items.find((i) => i.item === state.selected) || state.items[0];
  const record = item?.record || state.offers[0]?.record || state.calls[0]?.record;
  refs.current.record = record;
  useEffect(() => {
    if (record && state.up) ask({ t: 'story', record });
  }, [record, state.up]);
  useEffect(() => {
    document.title = state.offers.length ? `(${state.offers.length}) Tandem desk` : 'Tandem desk';
  }, [state.offers.length]);

  const watches = state.role === 'supervisor' || state.role === 'admin';
  return html`<div class="desk">
    <${Top} who=${who} ctx=${ctx} />
    <nav class="tabs" aria-label="Parts of the desk">
      ${[['list', 'Work'], ['work', 'Now'], ['story', 'Customer']].map(
        ([id, name]) => html`<button aria-pressed=${String(state.tab === id)} onClick=${() => dispatch({ t: 'tab', tab: id })}>${name}${id === 'list' && state.offers.length ? ` (${state.offers.length})` : ''}</button>`,
      )}
    </nav>
    <main class="three ${watches && !state.me ? 'watch' : ''}" data-tab=${state.tab}>
      <section class="rail stack" aria-label="Work">
        <div aria-live="assertive">${state.offers.map((o) => html`<${Offer} key=${o.offer} offer=${o} ctx=${ctx} />`)}</div>
        <${Rail} ctx=${ctx} current=${item} />
        ${!watches && html`<${Queues} queues=${state.queues} />`}
      </section>
      <section class="work" aria-label="Now">
        ${watches && !item && !state.calls.length ? html`<${Board} ctx=${ctx} />` : html`<${Work} ctx=${ctx} item=${item} />`}
      </section>
      <section class="story stack" aria-label="Customer"><${Story} ctx=${ctx} record=${record} /></section>
    </main>
    ${state.toast && html`<div class="toast" role="status">${state.toast}</div>`}
  </div>`;
}

function Top({ who, ctx }) {
  const { state, ask, phone, now } = ctx;
  const me = state.me;
  const value = !me ? '' : me.state === 'away' ? `away:${me.reason || 'break'}` : me.state === 'offline' ? 'offline' : 'available';
  const known = states.some(([id]) => id === value);
  return html`<header class="top">
    <h1><img src="/web/icon.svg" alt="" />Tandem</h1>
    <span class="grow"><span class="pill ${state.up ? 'good' : 'bad'}">${state.up ? who.name || who.user : 'reconnecting…'}</span></span>
    ${me && html`<span class="pill ${tone(me.state)} mono">${words(me)} ${since(me.since, now)}</span>
      <label class="row small"><span class="visually-hidden">My state</span>
        <select value=${value} onChange=${(ev) => {
          const [s, reason] = ev.target.value.split(':');
          ask({ t: 'agent.set', state: s, reason: reason || '' });
        }}>
          ${!known && html`<option value=${value}>${words(me)}</option>`}
          ${states.map(([id, name]) => html`<option value=${id}>${name}</option>`)}
        </select></label>
      <${Voice} line=${state.calls.length} changed=${(v) => phone.setVoice(v).catch(ctx.say)} />`}
    <button class="small" onClick=${async () => {
      await fetch('/v1/session', { method: 'DELETE', headers: { 'X-Tandem-Request': '1' } });
      location.reload();
    }}>Leave</button>
  </header>`;
}

const tone = (s) => ({ available: 'good', offered: 'warn', busy: 'warn', missed: 'bad', offline: '' })[s] ?? 'warn';
const words = (me) => ({ available: 'Available', offered: 'Ringing', busy: 'Busy', 'wrap-up': 'Wrap-up', missed: 'Missed an offer', away: `Away${me.reason ? ': ' + me.reason : ''}`, offline: 'Signed out', finishing: 'Leaving after this', leaving: 'Leaving after this' })[me.state] || me.state;

function Queues({ queues }) {
  if (!queues.length) return null;
  return html`<div><h3>Queues</h3><ul>${queues.map(
    (q) => html`<li class="row small"><span class="grow">${q.queue}</span><span class="mono">${q.waiting} waiting</span></li>`,
  )}</ul></div>`;
}

render(html`<${App} />`, document.getElementById('app'));
