// The demo's customer: a callback form, and a telephone on the built-in message centre.

import { clock } from '../lib/time.js';

const mine = document.getElementById('mine').textContent;
const company = '+4930100100';

const known = document.documentElement.dataset.demo;
if (known) document.getElementById('password').textContent = known;

// A number is proven by a code that a text message brings: the first answer has the word of the proof, and the form asks for the code.
const ask = document.getElementById('callback');
const code = document.getElementById('callback-code');
let proof = '';

function prove(word) {
  proof = word;
  code.hidden = !word;
  code.querySelector('input').required = Boolean(word);
  code.querySelector('input').value = '';
}

ask.elements.number.addEventListener('input', () => prove(''));
ask.addEventListener('submit', async (ev) => {
  ev.preventDefault();
  const form = new FormData(ask);
  const answer = document.getElementById('callback-answer');
  const res = await fetch('/chat/callback', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Tandem-Request': '1' },
    body: JSON.stringify({ number: form.get('number').replaceAll(' ', ''), topic: form.get('topic'), proof, code: form.get('code') }),
  });
  const body = await res.json().catch(() => ({}));
  answer.className = res.ok ? '' : 'error';
  if (body.proof) {
    prove(body.proof);
    code.querySelector('input').focus();
    answer.textContent = 'We have sent a code to this number. Write it above, and ask once more.';
    return;
  }
  if (res.ok || /another/.test(body.detail)) prove('');
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
