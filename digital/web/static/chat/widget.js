// <script async src="…/widget.js" data-title="Chat with us" data-calls="on"></script>
// A button in a shadow root and a panel in a frame: neither the site's styles nor its scripts reach the chat, nor the chat the site.
// Without data-calls="on" the frame never asks for a microphone. The chat speaks the site's language (the lang of its page, or data-lang),
// if the gateway does.
(() => {
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const { title = 'Chat with us', calls = 'off', context = '', lang = document.documentElement.lang } = script.dataset;
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; }
    button { position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; min-height: 52px; padding: 0 20px; border: 0; border-radius: 26px;
      background: #14532d; color: #fff; font: 600 16px system-ui, sans-serif; box-shadow: 0 4px 16px rgb(0 0 0 / .3); cursor: pointer; }
    button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; }
    iframe { position: fixed; right: 20px; bottom: 84px; z-index: 2147483000; width: 380px; height: min(620px, calc(100vh - 110px)); border: 1px solid #8888;
      border-radius: 14px; background: Canvas; box-shadow: 0 8px 30px rgb(0 0 0 / .35); }
    iframe[hidden] { display: none; }
    @media (max-width: 480px) { iframe { inset: 0 0 72px 0; width: 100%; height: calc(100% - 72px); border-radius: 0; } }`);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement('button');
  button.textContent = title;
  button.setAttribute('aria-expanded', 'false');
  let frame;
  let close = 'Close';
  const kept = 'tandem chat';
  const memory = (act) => {
    try {
      return act(localStorage);
    } catch {
      return null; // the visitor's browser keeps nothing: the conversation lasts as long as the page
    }
  };
  const emit = (name, detail) => window.dispatchEvent(new CustomEvent(`tandem:${name}`, { detail }));

  function open() {
    if (!frame) {
      frame = document.createElement('iframe');
      frame.title = title;
      frame.hidden = true;
      if (calls === 'on') frame.allow = 'microphone; autoplay';
      const hash = new URLSearchParams({ page: location.href, title: document.title, context, resume: memory((m) => m.getItem(kept)) || '' });
      frame.src = `${origin}/chat?calls=${calls}&lang=${encodeURIComponent(lang)}#${hash}`;
      root.append(frame);
    }
    frame.hidden = !frame.hidden;
    button.setAttribute('aria-expanded', String(!frame.hidden));
    frame.contentWindow?.postMessage({ t: 'seen' }, origin); // all that has come until now
    button.textContent = frame.hidden ? title : close;
    emit(frame.hidden ? 'closed' : 'opened', {});
  }

  window.addEventListener('message', (ev) => {
    if (ev.origin !== origin || ev.source !== frame?.contentWindow) return;
    if (ev.data?.t === 'keep') {
      memory((m) => m.setItem(kept, ev.data.token));
      return;
    }
    if (ev.data?.t === 'words') {
      close = ev.data.close;
      if (!frame.hidden) button.textContent = close;
      return;
    }
    if (ev.data?.t === 'unread' && frame.hidden) button.textContent = `${title} (${ev.data.n})`;
    if (ev.data?.t === 'ringing' && frame.hidden) open();
    emit(ev.data?.t || 'event', ev.data);
  });
  button.addEventListener('click', open);
  root.append(button);
  document.body.append(host);
  window.tandemChat = { open: () => (!frame || frame.hidden) && open(), close: () => frame && !frame.hidden && open() };
})();
