// An agent asks extension 202 while the caller waits, then connects both.

import { hears, run, shot, signIn } from './browser.mjs';
import { line, meet, misses } from './meet.mjs';

await run(async ({ open }) => {
  const anna = await open('/desk', { voice: 440 });
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.selectOption('header select', 'available');
  await meet('available');
  await anna.click('.offer button.primary');
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 500, line, 'the agent');
  await meet('talks');

  await anna.fill('input[placeholder^="Transfer to"]', '202');
  await anna.click('button:has-text("Consult")');
  await anna.waitForSelector('.callbar[data-state=held]');
  await anna.waitForSelector('.callbar[data-state=dialling]');
  await meet('asks');
  await anna.waitForSelector('.callbar[data-state=up]');
  await hears(anna, 800, line, 'the agent, from extension 202');
  await misses(anna, 500, 'the agent, in the consultation');
  await shot(anna, 'attended-consult');
  await meet('consults');

  await anna.click('.callbar[data-state=up] button:has-text("Connect both")');
  await meet('connects');
  await anna.waitForSelector('.callbar', { state: 'detached' });
  await anna.waitForSelector('h2:has-text("Wrap-up")');
  await meet('free');
  await anna.click('button:has-text("Done")');
  await anna.waitForSelector('text=Nothing to do yet');
});
