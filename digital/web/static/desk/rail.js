// The left side: offers that ring, and everything in hand, in one list for all channels.

import { html, useState } from '../vendor/preact.mjs';
import { since } from '../lib/time.js';

export const medium = { voice: 'Call', callback: 'Callback', chat: 'Chat', message: 'Message' };

const facts = (o) => [
  ['Queue', o.queue],
  ['Reason', o.reason],
  ['Way here', (o.path || []).join(' → ')],
  ['Why you', (o.why || '').replace(/, urgency.*/, '').replaceAll('_', ' ')],
  ...Object.entries(o.facts || {}).filter(([k, v]) => k !== 'channel' && v !== o.reason),
];

export function Offer({ offer: o, ctx }) {
  const { ask, phone, now, say } = ctx;
  const [busy, setBusy] = useState(false);
  const left = Math.max(0, Math.round((new Date(o.deadline) - now) / 1000));
  async function accept() {
    setBusy(true);
    try {
      const sdp = o.call && o.sdp ? await phone.answerTo(o.call, o.sdp) : '';
      await ctx.socket.ask({ t: 'offer.accept', offer: o.offer, sdp });
    } catch (err) {
      if (o.call) phone.gone(o.call);
      say(err);
    }
    setBusy(false);
  }
  return html`<article class="card offer ringing" data-offer=${o.offer} data-medium=${o.medium}>
    <div class="row"><h2 class="grow">${medium[o.medium] || o.medium}: ${o.who || 'unknown'}</h2><span class="pill warn mono">${left} s</span></div>
    ${!o.proven && o.who && html`<p class="small soft">Not verified: do not give personal data away yet.</p>`}
    <dl>
      <dt>Waiting</dt><dd class="mono">${since(o.since, now)}</dd>
      ${facts(o).filter(([, v]) => v).map(([k, v]) => html`<dt>${k}</dt><dd>${v}</dd>`)}
    </dl>
    ${(o.last || []).slice(-4).map((m) => html`<p class="small"><strong>${m.from}:</strong> ${m.text}</p>`)}
    <div class="row">
      <button class="primary grow" disabled=${busy} onClick=${accept}>Accept</button>
      <button onClick=${() => ask({ t: 'offer.reject', offer: o.offer })}>Not now</button>
    </div>
  </article>`;
}

export function Rail({ ctx, current }) {
  const { state, dispatch, now } = ctx;
  if (!state.items.length && !state.offers.length) {
    if (!state.me) return html`<p class="soft small">You watch: queues and agents as they are now.</p>`;
    if (!['offline', 'away', 'missed'].includes(state.me.state)) return html`<p class="soft small">Nothing to do yet. The next customer rings here.</p>`;
    return html`<div class="stack"><p class="soft small">You get no work now.</p>
      <button class="primary" onClick=${() => ctx.ask({ t: 'agent.set', state: 'available', reason: '' })}>Set me to Available</button></div>`;
  }
  return html`<ul>${state.items.map((i) => {
    const thread = state.threads[i.conversation] || [];
    const last = thread[thread.length - 1];
    const owed = last && last.from === 'customer';
    return html`<li key=${i.item}>
      <button aria-current=${String(i === current)} onClick=${() => dispatch({ t: 'select', id: i.item })}>
        <span class="row"><strong class="grow">${i.who || 'unknown'}</strong><span class="mono small">${since(i.at, now)}</span></span>
        <span class="row small soft"><span class="grow">${medium[i.medium] || i.medium} · ${i.queue}</span>
          <span class="pill ${i.state === 'active' ? 'good' : 'warn'}">${i.state}${i.away ? ' · has left' : owed ? ' · waits for you' : ''}</span></span>
        ${last && html`<span class="small soft">${(last.text || last.file?.name || '').slice(0, 60)}</span>`}
      </button></li>`;
  })}</ul>`;
}
