// One customer, three channels, one story: chat with the bot, a person, a call, an SMS, and an SMS back.

import { hears, run, signIn, tell } from './browser.mjs';

const phone = '+4915550001001';
const company = '+4930100100';

const atDesk = (hz) => {
  const line = [...window.tandem.phone.lines.values()][0];
  return line && { at: line.level(hz), beside: line.level(hz + 150) };
};
const atVisitor = (hz) => window.tandem.line && { at: window.tandem.line.level(hz), beside: window.tandem.line.level(hz + 150) };

await run(async ({ open, shot }) => {
  const anna = await open('/desk', { voice: 440 });
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.selectOption('header select', 'available');
  const sue = await open('/desk');
  await signIn(sue, 'sue', process.env.TANDEM_PASSWORD);

  // The visitor tells the bot, and asks for a person.
  const visitor = await open('/chat?calls=on', { voice: 660, width: 400, height: 640 });
  await visitor.click('.choices button:has-text("person")');
  const offer = anna.locator('.offer[data-medium=chat]');
  await offer.waitFor();
  const shown = await offer.innerText();
  for (const part of ['I want to talk to a person', 'a person', 'support']) {
    if (!shown.includes(part)) throw new Error(`the offer does not tell ${part}: ${shown}`);
  }
  await shot(anna, 'story-1-offer');
  await sue.waitForSelector('td:has-text("support")');
  await offer.locator('button.primary').click();
  await anna.fill('textarea[aria-label=Message]', 'Good morning! Your order is on its way. Shall I call you?');
  await anna.click('.compose button:has-text("Send") >> nth=0');
  await visitor.waitForSelector('text=Your order is on its way');

  // The agent calls, the visitor's page rings, both hear each other.
  await anna.click('section.work .row > button:has-text("Call") >> nth=0');
  await visitor.click('button:has-text("Answer")');
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 660, atDesk, 'the agent');
  await hears(visitor, 440, atVisitor, 'the visitor');
  await anna.waitForSelector('.timeline >> text=Call began'); // as it happens
  await shot(anna, 'story-2-call');
  await shot(visitor, 'story-2-visitor');

  // A text message during the call; the visitor hangs up and leaves.
  await anna.click('summary:has-text("SMS")');
  await anna.fill('input[name=to]', phone);
  await anna.fill('textarea[aria-label="SMS text"]', 'Here is your order: 4711');
  await anna.click('button:has-text("Send SMS")');
  const messages = async () => (await (await fetch(`${process.env.TANDEM_URL}/demo/phone/${encodeURIComponent(phone)}/messages`)).json()).messages;
  const arrived = async (text) => {
    for (let i = 0; i < 100; i++) {
      if ((await messages()).some((m) => m.text.includes(text))) return;
      await anna.waitForTimeout(100);
    }
    throw new Error(`the telephone did not get ${text}`);
  };
  await arrived('Here is your order');
  await visitor.click('button:has-text("Hang up")');
  await anna.waitForSelector('.callbar', { state: 'detached' });
  await visitor.close();
  await anna.waitForSelector('.pill:has-text("has left the page")');
  await shot(anna, 'story-2-left');
  await anna.click('button:has-text("End") >> nth=0');
  await anna.click('button:has-text("Done")');

  // Later the customer answers by SMS: the same story, the same agent.
  const res = await fetch(`${process.env.TANDEM_URL}/demo/phone/${encodeURIComponent(phone)}/messages`, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Tandem-Request': '1' }, body: JSON.stringify({ to: company, text: 'Thank you!' }),
  });
  if (!res.ok) throw new Error(`SMS from the telephone: ${res.status}`);
  const second = anna.locator('.offer[data-medium=message]');
  await second.waitFor();
  await second.locator('button.primary').click();
  await anna.waitForSelector('.thread >> text=Thank you!');
  const timeline = await anna.locator('.timeline').innerText();
  for (const part of ['I want to talk to a person', 'Here is your order', 'Thank you!']) {
    if (!timeline.includes(part)) throw new Error(`the timeline does not tell ${part}: ${timeline}`);
  }
  await shot(anna, 'story-3-sms');
  tell(await anna.evaluate(() => ({ record: window.tandem.state().items[0].record, item: window.tandem.state().items[0].item })));
});
