// With which voice a page speaks: the microphone, one of several, or in the demo a test voice.

import { html, useEffect, useState } from '../vendor/preact.mjs';
import { t } from './words.js';

/** Whether this is the demo, where nobody needs a microphone. */
export const demo = document.documentElement.dataset.demo !== undefined;

/** What the browser remembers for this page; a frame of another site may be refused that. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // it lasts as long as the page
    }
  },
};

/** The chosen voice, as rtc.js takes it. */
export const kind = () => memory.get('voice') || (demo ? 'test' : 'mic');

// microphones are those that have a name: the browser tells it once the page has been allowed to listen.
async function microphones() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) || [];
  return all.filter((d) => d.kind === 'audioinput' && d.label && d.deviceId !== 'default' && d.deviceId !== 'communications');
}

/** The choice between voices; nothing where there is only one. */
export function Voice({ changed = () => {}, line }) {
  const [value, set] = useState(kind());
  const [mics, setMics] = useState([]);
  useEffect(() => {
    const look = () => microphones().then(setMics, () => {});
    look();
    navigator.mediaDevices?.addEventListener('devicechange', look);
    return () => navigator.mediaDevices?.removeEventListener('devicechange', look);
  }, [line]);
  const list = [['mic', t('Microphone')], ...(mics.length > 1 ? mics.map((m) => [`mic:${m.deviceId}`, m.label]) : [])];
  if (demo || value === 'test') list.push(['test', t('Test voice')]);
  if (Number(value)) list.push([value, `${value} Hz`]);
  if (!list.some(([k]) => k === value)) list.push([value, t('Another microphone')]);
  if (list.length < 2) return null;
  return html`<label class="row small"><span class="visually-hidden">${t('My voice')}</span><select value=${value} onChange=${(ev) => {
    memory.set('voice', ev.target.value);
    set(ev.target.value);
    changed(ev.target.value);
  }}>${list.map(([k, name]) => html`<option value=${k}>${name}</option>`)}</select></label>`;
}
