// What the desk shows: a fold over the server's frames.

export const empty = {
  up: false, ready: false, role: '', me: null, offers: [], items: [], calls: [], queues: [], agents: [],
  threads: {}, typing: {}, stories: {}, selected: '', tab: 'list', toast: '',
};

// A state shows its own age, not that of the one before.
const aged = (old, me) => (me && old && me.state !== old.state ? { ...me, since: new Date().toISOString() } : me && old && me.state === old.state ? { ...me, since: old.since } : me || old);
const put = (list, v, key) => (list.some((x) => x[key] === v[key]) ? list.map((x) => (x[key] === v[key] ? v : x)) : [...list, v]);
const drop = (list, id, key) => list.filter((x) => x[key] !== id);

function withMessages(threads, list) {
  const next = { ...threads };
  for (const m of list) {
    const thread = next[m.conversation] || [];
    next[m.conversation] = [...thread.filter((x) => x.seq !== m.seq), m].sort((a, b) => a.seq - b.seq);
  }
  return next;
}

/** Applies a frame. */
export function fold(s, f) {
  switch (f.t) {
    case 'snapshot':
      return { ...s, ready: true, role: f.role, me: aged(s.me, f.me), offers: f.offers || [], items: f.items || [], calls: f.calls || [], queues: f.queues || [], agents: f.agents || [] };
    case 'board':
      return { ...s, me: aged(s.me, f.me), queues: f.queues || [], agents: f.agents || [] };
    case 'offer':
      return { ...s, offers: put(s.offers, f.offer, 'offer'), threads: f.offer.last ? withMessages(s.threads, f.offer.last) : s.threads };
    case 'offer.gone':
      return { ...s, offers: drop(s.offers, f.id, 'offer') };
    case 'item':
      return { ...s, items: put(s.items, f.item, 'item'), selected: s.items.some((i) => i.item === f.item.item) ? s.selected : f.item.item };
    case 'item.gone':
      return { ...s, items: drop(s.items, f.id, 'item') };
    case 'call':
      return { ...s, calls: put(s.calls, f.call, 'call') };
    case 'call.gone':
      return { ...s, calls: drop(s.calls, f.id, 'call') };
    case 'message':
      return { ...s, threads: withMessages(s.threads, [f.message]), typing: { ...s.typing, [f.message.conversation]: '' } };
    case 'transcript':
      return { ...s, threads: withMessages(s.threads, f.messages || []) };
    case 'typing':
      return { ...s, typing: { ...s.typing, [f.id]: f.by } };
    case 'read':
      return { ...s, threads: { ...s.threads, [f.id]: (s.threads[f.id] || []).map((m) => (m.seq <= f.read && m.from === 'agent' ? { ...m, state: 'read' } : m)) } };
    case 'story':
      return { ...s, stories: { ...s.stories, [f.story.record]: f.story } };
    case 'up':
      return { ...s, up: f.up };
    case 'select':
      return { ...s, selected: f.id, tab: 'work' };
    case 'tab':
      return { ...s, tab: f.tab };
    case 'toast':
      return { ...s, toast: f.text };
    default:
      return s;
  }
}
