// A list that grows at its end shows that end: when something comes, and when its room changes.

import { useEffect } from '../vendor/preact.mjs';

/** end is the last element's ref, in a list that scrolls; grown is what changes when something comes. */
export function useBottom(end, grown) {
  useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), grown);
  useEffect(() => {
    const room = new ResizeObserver(() => end.current?.scrollIntoView({ block: 'nearest' }));
    room.observe(end.current.parentElement);
    return () => room.disconnect();
  }, []);
}
