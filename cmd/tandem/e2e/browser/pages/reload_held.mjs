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
  await anna.reload();
  await anna.waitForSelector('[data-state=held]');
  await anna.waitForFunction(() => [...window.tandem.phone.lines.values()].at(-1)?.pc.connectionState === 'connected');
  await meet('reloaded');
  await anna.click('button:has-text("Hold")');
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 500, line, 'the agent after the hold');
  await meet('resumed');
});
