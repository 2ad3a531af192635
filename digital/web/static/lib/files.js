// Files of a conversation: taken from the disk, shown beside a message, saved.

import { html, useEffect, useRef, useState } from '../vendor/preact.mjs';
import { t } from './words.js';

const pictures = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

const size = (n) => (n >= 1 << 20 ? `${(n / (1 << 20)).toFixed(1)} MB` : `${Math.max(1, Math.round((n || 0) / 1024))} kB`);

/** Puts a file up, and gives what the server knows of it. */
export async function upload(path, file, headers = {}) {
  const res = await fetch(`${path}?name=${encodeURIComponent(file.name)}`, {
    method: 'POST', headers: { 'X-Tandem-Request': '1', 'Content-Type': 'application/octet-stream', ...headers }, body: file,
  });
  if (res.ok) return res.json();
  throw new Error({ 403: t('No files can be sent here.'), 413: t('This file is too large.'), 415: t('Files of this type are not taken.'), 429: t('These are too many files. Try again later.') }[res.status] || t('The file could not be sent. Try again.'));
}

/** A button that takes a file and hands it to put, which may throw for say. */
export function Attach({ accept, put, say, disabled }) {
  const input = useRef(null);
  const [busy, setBusy] = useState(false);
  async function take(ev) {
    const [file] = ev.target.files;
    if (!file) return;
    setBusy(true);
    await put(file).catch(say);
    ev.target.value = '';
    setBusy(false);
  }
  return html`<input ref=${input} type="file" hidden accept=${accept} onChange=${take} />
    <button type="button" class="attach" aria-label=${t('Attach a file')} title=${t('Attach a file')} aria-busy=${String(busy)} disabled=${busy || disabled} onClick=${() => input.current.click()}>
      <svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M21 11.5l-8.8 8.8a5.5 5.5 0 0 1-7.8-7.8l9-9a3.7 3.7 0 0 1 5.2 5.2l-9 9a1.8 1.8 0 0 1-2.6-2.6l8.2-8.2" /></svg>
    </button>`;
}

/** A file beside a message: a picture is shown, every file can be saved. get asks for its bytes. */
export function FileOf({ file, get, say }) {
  const [url, setUrl] = useState('');
  async function load() {
    const res = await get(file.ref);
    if (!res.ok) throw new Error(t('This file is not to be had any more.'));
    return URL.createObjectURL(await res.blob());
  }
  useEffect(() => {
    if (!pictures.includes(file.type)) return undefined;
    let made = '';
    let gone = false;
    load().then((u) => {
      made = u;
      if (gone) URL.revokeObjectURL(u);
      else setUrl(u);
    }, () => {}); // its name stays, and saving it tells why
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [file.ref]);
  async function save() {
    const u = await load();
    const a = document.createElement('a');
    a.href = u;
    a.download = file.name || 'file';
    a.click();
    setTimeout(() => URL.revokeObjectURL(u), 60000);
  }
  return html`<button type="button" class="file" title=${t('Save')} onClick=${() => save().catch(say)}>
    ${url && html`<img src=${url} alt=${file.name || t('picture')} />`}<span>${file.name || t('file')} · ${size(file.size)}</span></button>`;
}
