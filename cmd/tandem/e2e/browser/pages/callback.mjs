// The web form asks for a callback. The agent's desk rings, then the customer's telephone; it sends back what it hears.

import { hears, run, signIn, tell } from './browser.mjs';

const line = (hz) => {
  const l = [...window.tandem.phone.lines.values()][0];
  return l && { at: l.level(hz), beside: l.level(hz + 150) };
};

await run(async ({ open, shot }) => {
  const customer = await open('/demo');
  await customer.click('button:has-text("Call me back")');
  const text = customer.locator('#sms .bubble:has-text("is your code")');
  await text.waitFor();
  await customer.fill('input[name=code]', (await text.textContent()).slice(0, 6));
  await shot(customer, 'callback-code');
  await customer.click('button:has-text("Call me back")');
  await customer.waitForSelector('#callback-answer:has-text("Noted")');
  const anna = await open('/desk', { voice: 440 });
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.selectOption('header select', 'available');
  const offer = anna.locator('.offer[data-medium=callback]');
  await offer.waitFor();
  await anna.waitForFunction(() => window.tandem.state().offers[0]?.sdp);
  await shot(anna, 'callback-offer');
  await offer.locator('button.primary').click();
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 440, line, 'the agent, from the customer who sends it back');
  await shot(anna, 'callback-talk');
  tell(await anna.evaluate(() => ({ record: window.tandem.state().items[0].record, item: window.tandem.state().items[0].item })));
  await anna.click('button:has-text("Hang up")');
  await anna.click('button:has-text("Done")');
  await anna.waitForSelector('text=Nothing to do yet');
});
