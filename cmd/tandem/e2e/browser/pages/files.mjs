// Files both ways in a chat: a picture of the visitor is seen at the desk, the agent's text is saved by the visitor; others get neither.

import { run, signIn, tell } from './browser.mjs';
import { readFile } from 'node:fs/promises';

const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC', 'base64');

await run(async ({ open, shot, audit }) => {
  const anna = await open('/desk');
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.click('button:has-text("Set me to Available")');
  const ben = await open('/desk');
  await signIn(ben, 'ben', process.env.TANDEM_PASSWORD);
  const visitor = await open('/chat?calls=on', { width: 360, height: 640 });
  await visitor.click('.choices button:has-text("person")');
  await anna.click('.offer button.primary');

  await visitor.setInputFiles('input[type=file]', { name: 'broken bike.png', mimeType: 'image/png', buffer: picture });
  const seen = '.bubble[data-from=customer] .file img';
  for (const page of [visitor, anna]) {
    await page.waitForSelector(seen);
    await page.waitForFunction((s) => document.querySelector(s).naturalWidth === 8, seen);
  }
  await shot(anna, 'files-desk');
  await shot(visitor, 'files-visitor');
  await audit(anna, 'the desk with a picture');
  await audit(visitor, 'the chat with a picture');

  await anna.setInputFiles('input[type=file]', { name: 'how to mend it.txt', mimeType: 'text/plain', buffer: Buffer.from('Tighten the left pedal.') });
  const sent = visitor.locator('.bubble[data-from=agent] .file');
  await sent.waitFor();
  const saved = visitor.waitForEvent('download');
  await sent.click();
  const file = await saved;
  if (file.suggestedFilename() !== 'how to mend it.txt' || String(await readFile(await file.path())) !== 'Tighten the left pedal.') {
    throw new Error(`saved ${file.suggestedFilename()}: ${await readFile(await file.path())}`);
  }

  // What is no picture by its bytes, and no text either.
  await visitor.setInputFiles('input[type=file]', { name: 'run.png', mimeType: 'image/png', buffer: Buffer.from([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0]) });
  await visitor.waitForSelector('.error:has-text("not taken")');

  // Only who has the conversation in hand.
  const [item, ref] = await anna.evaluate(() => {
    const s = window.tandem.state();
    return [s.items[0], s.threads[s.items[0].conversation].find((m) => m.file).file.ref];
  });
  const ask = (page) => page.evaluate(async ([conv, r]) => [
    (await fetch(`/desk/files/${conv}/${r}`)).status,
    (await fetch(`/desk/files/${conv}?name=x.txt`, { method: 'POST', headers: { 'X-Tandem-Request': '1' }, body: 'hello' })).status,
  ], [item.conversation, ref]);
  for (const [page, want] of [[anna, '200,201'], [ben, '403,403'], [visitor, '401,401']]) {
    const got = String(await ask(page));
    if (got !== want) throw new Error(`${got}, want ${want}`);
  }

  // The chat goes on to a colleague, with its words and files.
  await ben.selectOption('header select', 'available');
  await anna.click('summary:has-text("Hand on")');
  await anna.fill('input[list=hand-on]', 'agent:ben');
  await anna.click('form button:has-text("Hand on")');
  await ben.click('.offer button.primary');
  await ben.waitForSelector(seen);
  await ben.fill('textarea[aria-label=Message]', 'I am the mechanic.');
  await ben.click('.compose button:has-text("Send") >> nth=0');
  await visitor.waitForSelector('text=I am the mechanic.');
  const after = String(await ask(ben));
  if (after !== '200,201') throw new Error(`the colleague may not: ${after}`);
  await shot(ben, 'files-handed-on');
  tell({ record: item.record });
});
