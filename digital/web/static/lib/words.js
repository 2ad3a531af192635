// What a page says in its visitor's language: the site's page tells it (lang), else the browser does, else it is the site's first. English
// stands in the code; what the site has instead of it comes with the page's languages. A page without languages is English.

const known = (document.documentElement.dataset.languages || '').split(' ').filter(Boolean);
const spoken = [new URLSearchParams(location.search).get('lang'), ...navigator.languages].filter(Boolean);

/** The language as it is told to the server. */
export const language = (spoken[0] || 'en').slice(0, 2).toLowerCase();

const mine = spoken.map((l) => l.slice(0, 2).toLowerCase()).find((l) => known.includes(l)) || known[0];
const table = mine ? await fetch(`/web/words/${mine}`).then((r) => (r.ok ? r.json() : {}), () => ({})) : {};
if (mine) document.documentElement.lang = mine;

/** A text in the visitor's language, with its {names} filled in. */
export function t(text, values = {}) {
  return (table[text] || text).replace(/\{([a-z]+)\}/g, (whole, name) => values[name] ?? whole);
}
