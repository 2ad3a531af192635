// A scenario and its test in Go go in step: each waits for the other at places that both name.

import { createInterface } from 'node:readline';

const said = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Says that a place is reached, and waits until the test lets the scenario go on. */
export async function meet(place) {
  process.stdout.write(`${JSON.stringify({ at: place })}\n`);
  const { done } = await said.next();
  if (done) throw new Error(`the test has gone at ${place}`);
}

/** How loud a tone is on a page's only call: at its frequency, and beside it. */
export const line = (hz) => {
  const l = [...window.tandem.phone.lines.values()].at(-1);
  return l && { at: l.level(hz), beside: l.level(hz + 150) };
};

/** Waits until a page does not hear a tone any more. */
export async function misses(page, hz, what) {
  await page.waitForFunction((f) => [...window.tandem.phone.lines.values()].at(-1).level(f) < -70, hz).catch(() => {
    throw new Error(`${what}: still ${hz} Hz`);
  });
}
