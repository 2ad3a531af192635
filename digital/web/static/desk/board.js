// The supervisor's view: queues and agents as they are now.

import { html } from '../vendor/preact.mjs';
import { since } from '../lib/time.js';

const duration = (s) => (s > 0 ? `${Math.floor(s / 60)}:${String(Math.round(s) % 60).padStart(2, '0')}` : '–');
const percent = (x) => (x < 0 ? '–' : `${Math.round(x * 100)} %`);
const tone = (s) => ({ available: 'good', busy: 'warn', missed: 'bad' })[s] ?? '';

export function Board({ ctx }) {
  const { state, phone, say, now } = ctx;
  return html`<div class="stack">
    <h2>Queues</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Queues"><table><thead><tr><th>Queue</th><th class="num">Waiting</th><th class="num">Longest</th><th class="num">Free</th><th class="num">At work</th><th class="num">Answered</th><th class="num">Gave up</th><th class="num">Service level</th></tr></thead>
      <tbody>${state.queues.map((q) => html`<tr key=${q.queue}><td>${q.queue}</td>
        <td class="num">${q.waiting > 0 ? html`<span class="pill warn">${q.waiting}</span>` : 0}</td><td class="num">${duration(q.longest)}</td>
        <td class="num">${q.free}</td><td class="num">${q.staffed}</td><td class="num">${q.answered}</td><td class="num">${q.abandoned}</td><td class="num">${percent(q.level)}</td></tr>`)}</tbody></table></div>
    <h2>Agents</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Agents"><table><thead><tr><th>Agent</th><th>State</th><th class="num">Since</th><th class="num">Load</th><th>In hand</th><th></th></tr></thead>
      <tbody>${state.agents.map((a) => html`<tr key=${a.agent}><td>${a.name || a.agent}</td>
        <td><span class="pill ${tone(a.state)}">${a.state}${a.reason ? `: ${a.reason}` : ''}</span>${a.state !== 'offline' && !a.phone && html`<small class="soft"> no phone</small>`}</td><td class="num">${since(a.since, now)}</td>
        <td class="num">${a.load} / ${a.budget}</td><td>${(a.items || []).length}</td>
        <td>${phone.listening?.agent === a.agent
          ? html`<button class="small danger" onClick=${() => phone.unlisten().catch(say)}>Stop listening</button>`
          : a.talks && html`<button class="small" onClick=${() => phone.listen(a.agent).catch(say)}>Listen</button>`}</td></tr>`)}</tbody></table></div>
  </div>`;
}
