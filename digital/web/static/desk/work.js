// The middle: the item in hand, with its call on top, its conversation below, and the wrap-up at the end.

import { html, useEffect, useRef, useState } from '../vendor/preact.mjs';
import { Attach, FileOf, upload } from '../lib/files.js';
import { useBottom } from '../lib/bottom.js';
import { clock, since } from '../lib/time.js';
import { medium } from './rail.js';

export function Work({ ctx, item }) {
  const { state, ask } = ctx;
  const calls = state.calls.filter((c) => c.state !== 'ringing' || !c.offer);
  return html`
    ${calls.map((c) => html`<${Callbar} key=${c.call} call=${c} ctx=${ctx} />`)}
    ${item ? html`<${Item} key=${item.item} item=${item} ctx=${ctx} />` : !calls.length && html`<${Idle} ctx=${ctx} />`}
    ${item && !calls.length && html`<${Dial} ctx=${ctx} record=${item.record} />`}
    ${item && item.state === 'wrap-up' && html`<${WrapUp} item=${item} ask=${ask} now=${ctx.now} />`}`;
}

function Idle({ ctx }) {
  return html`<div class="empty stack"><p>No customer at the moment.</p><${Dial} ctx=${ctx} /></div>`;
}

function Dial({ ctx, record }) {
  const { phone, say } = ctx;
  const [to, setTo] = useState('');
  async function dial(ev) {
    ev.preventDefault();
    if (to.trim()) await phone.dial(to.trim(), record || '').then(() => setTo(''), say);
  }
  return html`<form class="row" onSubmit=${dial}>
    <label class="grow"><span class="visually-hidden">Number or extension</span>
      <input type="tel" placeholder="Number or extension" value=${to} onInput=${(ev) => setTo(ev.target.value)} /></label>
    <button>Call</button></form>`;
}

function Callbar({ call: c, ctx }) {
  const { phone, ask, say, now, state } = ctx;
  const [keys, setKeys] = useState(false);
  const [to, setTo] = useState('');
  const muted = phone.muted.has(c.call);
  const other = state.calls.find((x) => x.call !== c.call && (x.state === 'up' || x.state === 'held'));
  const ringing = c.state === 'ringing';
  const ahead = state.items.some((i) => i.medium === 'callback' && i.state === 'connecting'); // our side of a callback is up first
  return html`<article class="card callbar ${c.state === 'held' ? 'held' : ''}" data-call=${c.call} data-state=${c.state}>
    <div class="row"><h2 class="grow">${c.peer || 'Call'}</h2>
      <${Meter} line=${phone.lines.get(c.call)} />
      <span class="pill ${c.state === 'up' ? 'good' : 'warn'} mono">${{ up: ahead ? 'calls the customer' : 'talking', held: 'on hold', ringing: 'rings', dialling: 'calling' }[c.state] || c.state} ${since(c.at, now)}</span></div>
    <div class="row" role="group" aria-label="Call">
      ${ringing && html`<button class="primary" onClick=${async () => ask({ t: 'call.answer', call: c.call, sdp: await phone.answerTo(c.call, c.sdp) })}>Answer</button>`}
      ${!ringing && html`
        <button aria-pressed=${String(muted)} onClick=${() => phone.mute(c.call, !muted)}>Mute</button>
        <button aria-pressed=${String(c.state === 'held')} disabled=${c.state === 'dialling'} onClick=${() => phone.hold(c.call, c.state !== 'held').catch(say)}>Hold</button>
        <button aria-expanded=${String(keys)} onClick=${() => setKeys(!keys)}>Keypad</button>`}
      <button class="danger" onClick=${() => ask({ t: 'call.hangup', call: c.call })}>${ringing ? 'Decline' : 'Hang up'}</button>
    </div>
    ${keys && html`<div class="keypad" role="group" aria-label="Keypad">${[...'123456789*0#'].map((k) => html`<button onClick=${() => phone.digits(c.call, k)}>${k}</button>`)}</div>`}
    ${!ringing && c.state !== 'dialling' && html`<form class="row" onSubmit=${(ev) => {
      ev.preventDefault();
      if (to.trim()) ask({ t: 'call.transfer', call: c.call, to: to.trim() }).then(() => setTo(''));
    }}>
      <label class="grow"><span class="visually-hidden">Transfer to</span><input placeholder="Transfer to: extension, number, queue:name" value=${to} onInput=${(ev) => setTo(ev.target.value)} /></label>
      <button>Transfer</button>
      <button type="button" onClick=${() => to.trim() && phone.hold(c.call, true).then(() => phone.dial(to.trim(), c.record || '')).then(() => setTo(''), say)}>Consult</button>
      ${other && html`<button type="button" class="primary" onClick=${() => ask({ t: 'call.join', call: c.call, other: other.call })}>Connect both</button>`}
    </form>`}
  </article>`;
}

// Meter shows how loud the other side is.
function Meter({ line }) {
  const bar = useRef(null);
  useEffect(() => {
    let stop = false;
    const draw = () => {
      if (stop) return;
      const db = line ? line.level() : -100;
      if (bar.current) bar.current.style.width = `${Math.max(0, Math.min(100, (db + 80) * 1.6))}%`;
      setTimeout(draw, 100);
    };
    draw();
    return () => {
      stop = true;
    };
  }, [line]);
  return html`<span class="meter" role="img" aria-label="level of the other side"><i ref=${bar}></i></span>`;
}

function Item({ item: i, ctx }) {
  const { state, ask, phone, say, now } = ctx;
  const thread = i.conversation ? state.threads[i.conversation] || [] : [];
  useEffect(() => {
    if (i.conversation) ask({ t: 'transcript', conv: i.conversation, seq: 0 });
  }, [i.conversation, state.up]);
  const inCall = state.calls.length > 0;
  return html`<div class="row"><h2 class="grow">${i.who || 'unknown'}</h2>
      <span class="pill ${i.state === 'active' ? 'good' : 'warn'} mono">${medium[i.medium]} · ${i.state} ${since(i.at, now)}</span>
      ${i.away && html`<span class="pill" title="The page is closed, or has no connection. What you write is there when it comes back.">has left the page</span>`}
      ${i.conversation && !inCall && i.state === 'active' && html`<button onClick=${() => phone.dial(`conv:${i.conversation}`, i.record || '').catch(say)}>Call</button>`}
      ${i.state === 'active' && html`<button onClick=${() => ask({ t: 'item.end', item: i.item })}>End</button>`}
    </div>
    ${i.conversation ? html`<${Thread} list=${thread} typing=${state.typing[i.conversation]} say=${say} /><${Compose} ctx=${ctx} item=${i} />` : html`<${Sms} ctx=${ctx} item=${i} />`}
    ${i.conversation && i.state === 'active' && html`<${Move} ctx=${ctx} item=${i} />`}`;
}

// Move hands a conversation on: it keeps its waiting time, and who takes it reads all of it.
function Move({ ctx, item }) {
  const { state, ask } = ctx;
  const [to, setTo] = useState('');
  return html`<details class="small"><summary>Hand on</summary>
    <form class="row" onSubmit=${(ev) => {
      ev.preventDefault();
      if (to.trim()) ask({ t: 'item.move', item: item.item, to: to.trim() });
    }}>
      <label class="grow"><span class="visually-hidden">To whom</span>
        <input placeholder="queue:name or agent:name" list="hand-on" value=${to} onInput=${(ev) => setTo(ev.target.value)} /></label>
      <datalist id="hand-on">${state.queues.map((q) => html`<option value=${`queue:${q.queue}`}></option>`)}${(state.agents || []).map((a) => html`<option value=${`agent:${a.agent}`}>${a.name || a.agent}</option>`)}</datalist>
      <button>Hand on</button></form></details>`;
}

export function Thread({ list, typing, say }) {
  const end = useRef(null);
  useBottom(end, [list.length, typing]);
  return html`<div class="thread" role="log" aria-label="Conversation" tabindex="0">
    ${list.map((m) => html`<div key=${m.seq} class="bubble ${{ agent: 'mine', bot: 'bot', system: 'note' }[m.from] || ''}" data-from=${m.from}>
      ${m.file && html`<${FileOf} file=${m.file} get=${(ref) => fetch(`/desk/files/${m.conversation}/${ref}`)} say=${say} />`}${m.text}<small>${m.from === 'bot' ? 'bot · ' : ''}${m.channel === 'sms' ? 'SMS · ' : ''}${clock(m.at)}${m.from === 'agent' && m.state ? ` · ${m.state}` : ''}</small></div>`)}
    ${typing && html`<div class="bubble note">${typing} is typing…</div>`}
    <div ref=${end}></div></div>`;
}

function Compose({ ctx, item }) {
  const { ask, socket, say } = ctx;
  const key = `draft ${item.conversation}`;
  const [text, setText] = useState(sessionStorage.getItem(key) || '');
  const typed = useRef(0);
  function change(value) {
    setText(value);
    sessionStorage.setItem(key, value);
    if (Date.now() - typed.current > 2000) {
      typed.current = Date.now();
      socket.send({ t: 'typing', conv: item.conversation, on: true });
    }
  }
  function submit(ev) {
    ev.preventDefault();
    if (!text.trim()) return;
    ask({ t: 'msg.send', id: crypto.randomUUID(), conv: item.conversation, text: text.trim() });
    change('');
  }
  async function attach(file) {
    const { ref } = await upload(`/desk/files/${item.conversation}`, file);
    await ask({ t: 'msg.send', id: crypto.randomUUID(), conv: item.conversation, text: '', file: ref });
  }
  return html`<form class="compose" onSubmit=${submit}>
    ${item.medium === 'chat' && html`<${Attach} put=${attach} say=${say} disabled=${item.state === 'wrap-up'} />`}
    <textarea aria-label="Message" placeholder="Write a message. Enter sends." maxlength="4000" rows="2" value=${text} disabled=${item.state === 'wrap-up'}
      onInput=${(ev) => change(ev.target.value)} onKeyDown=${(ev) => ev.key === 'Enter' && !ev.shiftKey && submit(ev)}></textarea>
    <button class="primary">Send</button></form>
    <${Sms} ctx=${ctx} item=${item} />`;
}

function Sms({ ctx, item }) {
  const { ask } = ctx;
  const [text, setText] = useState('');
  return html`<details class="small"><summary>Send an SMS</summary>
    <form class="compose" onSubmit=${(ev) => {
      ev.preventDefault();
      const form = new FormData(ev.target);
      if (text.trim()) ask({ t: 'sms.send', id: crypto.randomUUID(), record: item.record, to: form.get('to').trim(), text: text.trim() }).then((ok) => ok && setText(''));
    }}>
      <input name="to" type="tel" aria-label="Number" placeholder="Number (empty: the known one)" size="16" />
      <textarea aria-label="SMS text" rows="2" maxlength="1000" value=${text} onInput=${(ev) => setText(ev.target.value)}></textarea>
      <button>Send SMS</button></form></details>`;
}

function WrapUp({ item, ask, now }) {
  const [note, setNote] = useState('');
  const left = item.until ? Math.max(0, Math.round((new Date(item.until) - now) / 1000)) : 0;
  return html`<form class="card stack" onSubmit=${(ev) => {
    ev.preventDefault();
    ask({ t: 'wrapup', item: item.item, code: new FormData(ev.target).get('code') || '', text: note.trim() });
  }}>
    <div class="row"><h2 class="grow">Wrap-up</h2>${left > 0 && html`<span class="pill warn mono">${left} s</span>`}</div>
    ${item.codes?.length > 0 && html`<label>Outcome <select name="code" required>${item.codes.map((c) => html`<option>${c}</option>`)}</select></label>`}
    <label>Note<textarea rows="2" maxlength="1000" value=${note} onInput=${(ev) => setNote(ev.target.value)}></textarea></label>
    <button class="primary">Done</button></form>`;
}
