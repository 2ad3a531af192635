// The demo's customer: a callback form, and a telephone on the built-in message centre.

import { clock } from '../lib/time.js';

const mine = document.getElementById('mine').textContent;
const company = '+4930100100';

document.getElementById('callback').addEventListener('submit', async (ev) => {
  ev.preventDefault();
  const form = new FormData(ev.target);
  const answer = document.getElementById('callback-answer');
  const res = await fetch('/chat/callback', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Tandem-Request': '1' },
    body: JSON.stringify({ number: form.get('number').replaceAll(' ', ''), topic: form.get('topic') }),
  });
  const body = await res.json().catch(() => ({}));
  answer.className = res.ok ? '' : 'error';
  answer.textContent = res.ok ? 'Noted. Your telephone rings when an agent is free.' : body.detail || 'That did not work. Try again later.';
});

const thread = document.getElementById('sms');
const seen = new Set();

function show(m) {
  if (seen.has(m.seq)) return;
  seen.add(m.seq);
  const bubble = document.createElement('div');
  bubble.className = m.mine ? 'bubble mine' : 'bubble';
  bubble.textContent = m.text;
  const when = document.createElement('small');
  when.textContent = `${m.mine ? 'to' : 'from'} ${m.peer} · ${clock(m.at)}`;
  bubble.append(when);
  thread.append(bubble);
  bubble.scrollIntoView({ block: 'nearest' });
}

const phone = `/demo/phone/${encodeURIComponent(mine)}`;
const events = new EventSource(`${phone}/events`);
events.addEventListener('message', (ev) => show(JSON.parse(ev.data)));

document.getElementById('sms-form').addEventListener('submit', async (ev) => {
  ev.preventDefault();
  const text = new FormData(ev.target).get('text').trim();
  if (!text) return;
  const res = await fetch(`${phone}/messages`, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Tandem-Request': '1' }, body: JSON.stringify({ to: company, text }),
  });
  if (res.ok) ev.target.reset();
});
