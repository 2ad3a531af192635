// A JsSIP client on a page of another site: registers over /sip, hears its echo, calls and is called, goes through the flow by key.

import { hears, run, shot } from './browser.mjs';
import { meet } from './meet.mjs';

const line = (hz) => {
  const c = window.client.calls.at(-1);
  return c && { at: c.level(hz), beside: c.level(hz + 150) };
};
const account = { url: `${process.env.TANDEM_URL.replace('http', 'ws')}/sip`, user: 'paula', domain: 'e2e.test' };
const sip = (user) => `sip:${user}@${account.domain}`;

await run(async ({ open }) => {
  const page = await open(process.env.TANDEM_PAGE);
  const until = (what, ...args) =>
    page.waitForFunction(what, ...args).catch(async (err) => {
      throw new Error(`${what}: client ${await page.evaluate(() => `${window.client.state}, calls ${window.client.calls.map((c) => c.state)}`)}: ${err.message}`);
    });
  const state = (want) => until((s) => window.client.calls.at(-1)?.state.startsWith(s), want);
  const dial = (to, hz) => page.evaluate(([a, b]) => window.client.dial(a, b), [sip(to), hz]);
  const session = (method, ...args) => page.evaluate(([m, a]) => void window.client.calls.at(-1).session[m](...a), [method, args]);
  const start = (password) => page.evaluate((a) => window.client.start(a), { ...account, password });

  await start('not the password');
  await until(() => window.client.state.startsWith('refused: Authentication Error'));
  await page.evaluate(() => window.client.ua.stop());
  await start(process.env.TANDEM_PASSWORD);
  await until(() => window.client.state === 'registered');
  await meet('registered');

  await dial('echo', 620);
  await state('up');
  await hears(page, 620, line, 'the echo');
  await session('terminate');
  await state('ended');

  await dial('202', 440);
  await meet('calls 202');
  await state('up');
  await hears(page, 800, line, 'the page, from extension 202');
  await meet('talks to 202');
  await session('hold');
  await state('held');
  await meet('holds 202');
  await session('unhold');
  await state('up');
  await hears(page, 800, line, 'the page after the hold');
  await meet('talks again');
  await session('refer', sip('echo'));
  await meet('gives 202 away');
  await state('ended');

  await meet('may be called');
  await until(() => window.client.calls.at(-1).session.direction === 'incoming' && window.client.calls.at(-1).state === 'new');
  await page.evaluate(() => window.client.answer(440));
  await state('up');
  await hears(page, 800, line, 'the page that was called');
  await meet('was called');
  await state('ended');

  for (const transportType of ['RFC2833', 'INFO']) {
    await dial('1000', 440);
    await state('up');
    await until(() => window.client.calls.at(-1).level() > -70); // the prompt is heard
    await session('sendDTMF', '1', { transportType });
    await meet(`pressed by ${transportType}`);
    await session('terminate');
    await state('ended');
    await meet('hung up');
  }
  await shot(page, 'jssip');
});
