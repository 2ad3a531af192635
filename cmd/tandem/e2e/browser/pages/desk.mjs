// A call from one browser through the flow to an agent in another: heard both ways, held, reloaded in the middle, transferred back.

import { hears, run, signIn } from './browser.mjs';

const line = (hz) => {
  const l = [...window.tandem.phone.lines.values()][0];
  return l && { at: l.level(hz), beside: l.level(hz + 150) };
};

await run(async ({ open, shot }) => {
  const anna = await open('/desk', { voice: 440 });
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.selectOption('header select', 'available');
  const ben = await open('/desk', { voice: 660 });
  await signIn(ben, 'ben', process.env.TANDEM_PASSWORD);
  await ben.fill('input[type=tel]', '1000');
  await ben.click('form button:has-text("Call")');
  await ben.waitForSelector('[data-state=up]');
  await ben.waitForFunction(() => [...window.tandem.phone.lines.values()][0]?.level() > -70); // the prompt is heard
  await ben.click('button:has-text("Keypad")');
  for (let i = 0; i < 20 && !(await anna.locator('.offer').isVisible()); i++) { // the menu comes after the welcome
    await ben.click('.keypad button:has-text("1")');
    await ben.waitForTimeout(1000);
  }
  await anna.click('.offer button.primary');
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 660, line, 'the agent');
  await hears(ben, 440, line, 'the caller');

  await anna.click('button:has-text("Hold")');
  await anna.waitForSelector('[data-state=held]');
  await ben.waitForFunction(() => {
    const l = [...window.tandem.phone.lines.values()][0];
    return l.level(440) < l.level() - 10; // music is louder than the agent's tone
  });
  await anna.click('button:has-text("Hold")');
  await anna.waitForSelector('[data-state=up]');
  await hears(ben, 440, line, 'the caller after the hold');

  await anna.reload();
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 660, line, 'the agent after the reload');
  await hears(ben, 440, line, 'the caller after the agent reloaded');
  await shot(anna, 'desk-reloaded');

  await anna.click('button:has-text("Hang up")');
  await anna.click('button:has-text("Done")');
  await anna.waitForSelector('text=Nothing to do yet');
});
