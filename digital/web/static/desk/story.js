// The right side: who the customer is and what happened, over all channels.

import { html, useState } from '../vendor/preact.mjs';
import { day } from '../lib/time.js';

const said = (l) => l.data?.text || (l.data?.['attachment-name'] ? `sent ${l.data['attachment-name']}` : 'a message');

// who says an actor or a telephone in plain words.
const who = (name) => (/^(endpoint:)?visitor-/.test(name) ? "the visitor's page" : name.replace(/^agent:/, '').replace(/^(endpoint|trunk|flow):/, '$1 ').replace(/^endpoint/, 'phone'));

// words says a line of the timeline in plain words; what is not listed shows its kind.
const words = {
  'interaction-started': (l) => `${channel(l)} began${l.data?.caller ? ` from ${l.data.caller}` : ''}`,
  'interaction-ended': (l) => `${channel(l)} ended${l.data?.by ? ` by the ${l.data.by}` : ''}`,
  'flow-entered': (l) => `entered ${l.data?.flow || 'a flow'}`,
  'step-input': (l) => `${l.data?.step || 'step'}: ${l.data?.input || `${l.data?.digits || '?'} digits, kept secret`}`,
  'attribute-set': (l) => `${l.data?.name} = ${l.data?.value}`,
  enqueued: (l) => `waits in ${l.data?.queue || 'a queue'}`,
  offered: (l) => `offered to ${l.data?.agent}`,
  accepted: (l) => `taken by ${l.data?.agent}`,
  connected: () => 'connected',
  'no-answer': (l) => `${l.data?.agent} did not answer`,
  declined: (l) => `${l.data?.agent} declined`,
  requeued: () => 'waits again',
  abandoned: () => 'gave up waiting',
  held: () => 'on hold',
  resumed: () => 'resumed',
  transferred: (l) => (l.data?.target || !l.data?.queue ? `transferred${l.data?.target ? ` to ${l.data.target}` : ''}` : `waits again in ${l.data.queue}`),
  'message-in': said,
  'message-out': said,
  note: (l) => l.data?.text || 'a note',
  'conversation-opened': (l) => `${channel(l)} began${l.data?.page ? ` on ${l.data.page}` : ''}`,
  'conversation-closed': (l) => `${channel(l)} ended`,
  'wrap-up-started': () => 'wrap-up began',
  'wrap-up-ended': () => 'wrap-up done',
  'callback-requested': (l) => `asked to be called back${l.data?.target ? ` at ${l.data.target}` : ''}`,
  'callback-attempt': (l) => `called back: ${l.data?.outcome || 'trying'}`,
  'callback-cancelled': () => 'callback cancelled',
  'callback-expired': () => 'callback given up',
  'message-failed': (l) => `a message was not delivered${l.data?.error ? `: ${l.data.error}` : ''}`,
  dialled: (l) => `dialled ${who(l.data?.called || l.data?.endpoint || '')}`,
  'offer-withdrawn': (l) => `no longer offered to ${l.data?.agent || ''}`,
  'consent-changed': (l) => `messages: opted ${l.data?.consent || ''}`,
  disposition: (l) => `outcome: ${l.data?.code || l.data?.reason || ''}`,
  'item-ended': (l) => `done${l.data?.reason ? `: ${l.data.reason}` : ''}`,
};

// quiet are lines that a person does not need.
const quiet = new Set(['message-read', 'message-delivered', 'agent-state', 'flow-left', 'token-used', 'token-issued']);

const channel = (l) => ({ voice: 'Call', chat: 'Chat', sms: 'SMS', callback: 'Callback', email: 'Email' })[l.channel] || 'Contact';

export function Story({ ctx, record }) {
  const { state, ask } = ctx;
  const [text, setText] = useState('');
  const story = record && state.stories[record];
  if (!story) return html`<p class="soft small">The customer's story appears here.</p>`;
  return html`<h2>${story.name || 'Customer'}</h2>
    <ul class="small">${(story.identities || []).map((i) => html`<li>${i.replace(/^web \S+/, 'website visitor').replace(/^tel /, '')}</li>`)}</ul>
    ${Object.keys(story.attributes || {}).length > 0 && html`<dl class="facts">${Object.entries(story.attributes).map(([k, v]) => html`<dt>${k}</dt><dd>${v}</dd>`)}</dl>`}
    <form class="compose" onSubmit=${(ev) => {
      ev.preventDefault();
      if (text.trim()) ask({ t: 'note', record, text: text.trim() }).then(() => setText(''));
    }}><textarea aria-label="Note" placeholder="Add a note" rows="1" maxlength="1000" value=${text} onInput=${(ev) => setText(ev.target.value)}></textarea><button>Note</button></form>
    <h3>Timeline</h3>
    <ol class="timeline" reversed>${(story.lines || []).filter((l) => !quiet.has(l.kind)).reverse().map(
      (l) => html`<li key=${l.record + l.seq} class=${l.channel || ''}>${(words[l.kind] || (() => l.kind))(l)}
        <div class="small soft">${day(l.at)}${l.actor ? ` · ${who(l.actor)}` : ''}</div></li>`,
    )}</ol>`;
}
