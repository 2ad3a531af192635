// What the scenarios share: a headless Chromium with pages of their own, waiting by condition, tones judged by what is heard.

import { chromium } from 'playwright-core';
import AxeBuilder from '@axe-core/playwright';
import { mkdir } from 'node:fs/promises';

export const base = process.env.TANDEM_URL;
const shots = process.env.TANDEM_SHOTS;

/** Starts a browser, runs a scenario, and ends the process with its verdict. */
export async function run(scenario) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
      '--allow-loopback-in-peer-connection'],
  });
  const faults = [];
  const open = async (path, { width = 1280, height = 800, voice, dark, locale } = {}) => {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', locale, baseURL: base });
    if (voice) await context.addInitScript((v) => localStorage.setItem('voice', v), String(voice));
    const page = await context.newPage();
    page.on('pageerror', (err) => faults.push(`${path}: ${err.message}`));
    page.on('dialog', (d) => {
      faults.push(`${path}: a dialog opened: ${d.message()}`);
      d.dismiss();
    });
    page.on('console', (m) => m.type() === 'error' && process.stderr.write(`console ${path}: ${m.text()}\n`));
    page.setDefaultTimeout(20000);
    await page.goto(path);
    return page;
  };
  try {
    await scenario({ open, shot, audit });
    if (faults.length) throw new Error(faults.join('\n'));
    await browser.close();
  } catch (err) {
    process.stderr.write(`${err.stack || err}\n`);
    if (shots) {
      let n = 0;
      for (const context of browser.contexts()) for (const page of context.pages()) await shot(page, `failed-${n++}`).catch(() => {});
    }
    await browser.close();
    process.exit(1);
  }
}

/** Signs an agent in. */
export async function signIn(page, user, password) {
  await page.fill('input[name=user]', user);
  await page.fill('input[name=password]', password);
  await page.click('button.primary');
  await page.waitForSelector('header.top');
}

/** Waits until a page hears a tone: the bin of its frequency stands out of those around it. read gives dB for a frequency. */
export async function hears(page, hz, line, what) {
  const deadline = Date.now() + 15000;
  let last;
  while (Date.now() < deadline) {
    last = await page.evaluate(line, hz);
    if (last && last.at > -60 && last.at > last.beside + 15) return last;
    await page.waitForTimeout(200);
  }
  throw new Error(`${what}: no ${hz} Hz, last heard ${JSON.stringify(last)}`);
}

export async function shot(page, name) {
  if (!shots) return;
  await mkdir(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${name}.png` });
}

/** Fails when axe finds something serious on a page, or it is wider than its window. */
export async function audit(page, name) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const bad = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  for (const frame of page.frames()) {
    const over = await frame.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) throw new Error(`${name}: ${frame.url()} is ${over} px wider than its window`);
  }
  if (bad.length) throw new Error(`${name}: ${bad.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(' ')).join('; ')})`).join('\n')}`);
}

/** Prints what the Go side checks afterwards. */
export function tell(values) {
  process.stdout.write(`${JSON.stringify(values)}\n`);
}
