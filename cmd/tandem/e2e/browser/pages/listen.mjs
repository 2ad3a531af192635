// A supervisor listens to a call between two browsers: he hears both, they do not hear him, and nothing of it disturbs the call.

import { hears, run, signIn } from './browser.mjs';
import { line } from './meet.mjs';

const unheard = 1500; // Hz; no harmonic of the others

// Lets the supervisor's page say a tone although it is muted by itself, and waits until a second of it went out.
async function shout(page, hz) {
  await page.evaluate(async (f) => {
    const { source } = await import('/web/lib/rtc.js');
    const l = [...window.tandem.phone.lines.values()].at(-1);
    await l.sender.replaceTrack((await source(String(f))).getAudioTracks()[0]);
    const sent = async () => [...(await l.pc.getStats()).values()].find((s) => s.type === 'outbound-rtp').packetsSent;
    const before = await sent();
    while ((await sent()) < before + 50) await new Promise((done) => setTimeout(done, 100));
  }, hz);
}

// Fails when a page hears a tone within a second.
async function neverHears(page, hz, what) {
  for (let i = 0; i < 10; i++) {
    const l = await page.evaluate(line, hz);
    if (l.at > -60 && l.at > l.beside + 15) throw new Error(`${what} hears ${hz} Hz: ${JSON.stringify(l)}`);
    await page.waitForTimeout(100);
  }
}

await run(async ({ open, shot, audit }) => {
  const anna = await open('/desk', { voice: 440 });
  await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
  await anna.selectOption('header select', 'available');
  const sue = await open('/desk');
  await signIn(sue, 'sue', process.env.TANDEM_PASSWORD);
  const ben = await open('/desk', { voice: 660 });
  await signIn(ben, 'ben', process.env.TANDEM_PASSWORD);
  await ben.fill('input[type=tel]', 'queue:support');
  await ben.click('form button:has-text("Call")');
  await anna.click('.offer button.primary');
  await anna.waitForSelector('[data-state=up]');
  await hears(anna, 660, line, 'the agent');
  await hears(ben, 440, line, 'the caller');
  await anna.evaluate(() => window.tandem.phone.setVoice('520')); // another headset, in the middle of the call
  await hears(ben, 520, line, 'the caller, of the other voice');
  await anna.evaluate(() => window.tandem.phone.setVoice('440'));
  await hears(ben, 440, line, 'the caller, of the voice of before');

  await sue.click('button:has-text("Listen")');
  await hears(sue, 660, line, 'the supervisor, of the caller');
  await hears(sue, 440, line, 'the supervisor, of the agent');
  await shout(sue, unheard);
  await neverHears(anna, unheard, 'the agent');
  await neverHears(ben, unheard, 'the caller');
  await hears(anna, 660, line, 'the agent while listened to');
  await hears(ben, 440, line, 'the caller while listened to');
  await shot(sue, 'listening');
  await audit(sue, 'listening');

  await sue.click('button:has-text("Stop listening")');
  await sue.waitForFunction(() => !window.tandem.phone.listening && window.tandem.phone.lines.size === 0);
  await hears(anna, 660, line, 'the agent after the supervisor left');
  await hears(ben, 440, line, 'the caller after the supervisor left');

  await sue.click('button:has-text("Listen")');
  await hears(sue, 660, line, 'the supervisor again');
  await anna.click('button:has-text("Hang up")');
  await sue.waitForFunction(() => !window.tandem.phone.listening && window.tandem.phone.lines.size === 0);
  await sue.waitForFunction(() => document.querySelectorAll('td button').length === 0); // she works still, but nobody can be heard
  await anna.click('button:has-text("Done")');

  await sue.evaluate(() => window.tandem.phone.listen('anna')); // nobody talks any more
  await sue.waitForSelector('.toast:has-text("there is no call to listen to")');
  await sue.waitForFunction(() => !window.tandem.phone.listening && window.tandem.phone.lines.size === 0);
});
