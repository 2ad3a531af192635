// The chat in the language of the site that shows it, or of the visitor's browser.

import { run, signIn } from './browser.mjs';

await run(async ({ open, shot, audit }) => {
  const anna = await open('/desk', { locale: 'de-DE' }); // agents work in English
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.click('button:has-text("Set me to Available")');

  const shop = await open(process.env.TANDEM_SHOP); // an English browser on a German site
  await shop.waitForFunction(() => window.tandemChat);
  await shop.evaluate(() => window.tandemChat.open());
  const inside = () => shop.frames().find((f) => f.url().includes('/chat'));
  for (let n = 0; n < 100 && !inside(); n++) await shop.waitForTimeout(50);
  const chat = inside();
  await chat.waitForSelector('h1:has-text("Der Assistent antwortet")');
  await chat.waitForSelector('textarea[placeholder="Nachricht schreiben"]');
  if ((await chat.getAttribute('html', 'lang')) !== 'de') throw new Error('the page does not say its language');
  await chat.click('.choices button:has-text("person")');
  await anna.click('.offer button.primary');
  await chat.waitForSelector('.bubble:has-text("Sie sprechen jetzt mit Anna")');
  await chat.waitForSelector('h1:has-text("Sie sprechen mit Anna")');
  await shot(shop, 'widget-german');
  await audit(shop, 'a German site with the chat');

  for (const [locale, heading, button] of [['de-AT', 'Der Assistent antwortet', 'Senden'], ['fr-FR', 'The assistant answers', 'Send']]) {
    const page = await open('/chat', { locale, width: 360, height: 640 });
    await page.waitForSelector(`h1:has-text("${heading}")`);
    await page.waitForSelector(`.compose button:text-is("${button}")`);
    await shot(page, `chat-${locale}`);
    await audit(page, `the chat in ${locale}`);
  }
});
