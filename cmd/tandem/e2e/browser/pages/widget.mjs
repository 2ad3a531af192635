// The chat as another site shows it: one script tag. The site's style does not reach it, and its button tells what came while it was closed.

import { run, signIn } from './browser.mjs';

await run(async ({ open, shot, audit }) => {
  const anna = await open('/desk');
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.click('button:has-text("Set me to Available")');
  const shop = await open(process.env.TANDEM_SHOP);
  const button = shop.locator('button'); // in a closed shadow root: reached by what it is, not by the site's selectors
  const inside = () => shop.frames().find((f) => f.url().includes('/chat'));

  await shop.waitForFunction(() => window.tandemChat);
  await shop.mouse.click(1280 - 60, 800 - 45); // its button
  await shop.waitForFunction(() => window.told.includes('opened'));
  for (let n = 0; n < 100 && !inside(); n++) await shop.waitForTimeout(50);
  const chat = inside();
  await chat.waitForSelector('.choices button:has-text("person")');
  const font = await chat.evaluate(() => getComputedStyle(document.body).fontSize);
  if (font === '40px') throw new Error('the style of the site reaches the chat');
  await shot(shop, 'widget-open');
  await chat.click('.choices button:has-text("person")');
  await anna.click('.offer button.primary');
  await chat.waitForSelector('text=You are now talking to Anna');
  const facts = await anna.evaluate(() => Object.values(window.tandem.state().stories)[0]?.lines.find((l) => l.kind === 'conversation-opened')?.data.page);
  if (!facts?.startsWith(process.env.TANDEM_SHOP)) throw new Error(`the agent is told that the visitor is on ${facts}`);

  await shop.evaluate(() => window.tandemChat.close());
  await anna.fill('textarea[aria-label=Message]', 'Are you there?');
  await anna.click('.compose button:has-text("Send") >> nth=0');
  await shop.waitForFunction(() => window.told.includes('unread 1'));
  await shot(shop, 'widget-unread');
  await shop.evaluate(() => window.tandemChat.open());
  await chat.waitForSelector('text=Are you there?');

  await shop.reload(); // the visitor goes on in the same conversation
  await shop.evaluate(() => window.tandemChat.open());
  for (let n = 0; n < 100 && !inside(); n++) await shop.waitForTimeout(50);
  await inside().waitForSelector('text=Are you there?');
  await audit(shop, 'a site with the chat');
  if (await button.count()) throw new Error('the site can reach into the widget');
});
