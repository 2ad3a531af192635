// A caller from the trunk is answered on a page: held, taken back, kept over a reload, given away to extension 202.

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

  await anna.click('button:has-text("Hold")');
  await anna.waitForSelector('[data-state=held]');
  await misses(anna, 500, 'the agent who holds the caller');
  await meet('held');
  await anna.click('button:has-text("Hold")');
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 500, line, 'the agent after the hold');
  await meet('resumed');

  await anna.reload();
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 500, line, 'the agent after the reload');
  await meet('reloaded');

  await anna.fill('input[placeholder^="Transfer to"]', '202');
  await anna.click('button:has-text("Transfer")');
  await meet('transfers');
  await anna.waitForSelector('.callbar', { state: 'detached' });
  await anna.waitForSelector('h2:has-text("Wrap-up")');
  await shot(anna, 'trunk-wrap-up');
  await meet('free');
  await anna.click('button:has-text("Done")');
  await anna.waitForSelector('text=Nothing to do yet');

  // Nobody but the demo speaks with a test voice; a microphone that cannot be had is told in words.
  const mine = await open('/desk');
  await signIn(mine, 'anna', process.env.TANDEM_PASSWORD);
  if ((await mine.evaluate(() => window.tandem.phone.voice)) !== 'mic') throw new Error('the desk does not speak with the microphone');
  if ((await mine.content()).includes('Test voice')) throw new Error('the desk offers a test voice');
  await mine.evaluate(() => (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))));
  await mine.fill('input[type=tel]', '202');
  await mine.click('form button:has-text("Call")');
  await mine.waitForSelector('.toast:has-text("blocked")');
});
