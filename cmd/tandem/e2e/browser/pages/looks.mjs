// Every page at two widths, light and dark, judged by axe; names and messages that are scripts stay text.

import { run, signIn } from './browser.mjs';

const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

await run(async ({ open, shot, audit }) => {
  for (const [width, height] of [[1280, 800], [360, 740]]) {
    for (const dark of [false, true]) {
      const name = `${width}${dark ? '-dark' : ''}`;
      const login = await open('/desk', { width, height, dark });
      await login.waitForSelector('input[name=user]');
      await audit(login, `login ${name}`);
      await shot(login, `login-${name}`);
      await login.context().close();

      const demo = await open('/demo', { width, height, dark });
      await demo.frameLocator('iframe').locator('text=connected').waitFor();
      await audit(demo, `demo ${name}`);
      await shot(demo, `demo-${name}`);
      await demo.context().close();

      const anna = await open('/desk', { width, height, dark });
      await signIn(anna, 'anna', process.env.TANDEM_PASSWORD);
      await anna.selectOption('header select', 'available');
      const visitor = await open('/chat?calls=on', { width: Math.min(width, 420), height, dark });
      await visitor.click('.choices button:has-text("person")');
      await anna.waitForSelector('.offer');
      await audit(anna, `offer ${name}`);
      await shot(anna, `offer-${name}`);
      await anna.click('.offer button.primary');
      if (width < 900) await anna.click('nav.tabs button:has-text("Now")');
      await visitor.fill('textarea', evil);
      await visitor.click('button:has-text("Send")');
      await anna.waitForSelector('.thread >> text=onerror');
      await anna.fill('textarea[aria-label=Message]', evil);
      await anna.click('.compose button:has-text("Send") >> nth=0');
      await visitor.waitForFunction(() => document.querySelectorAll('.bubble').length > 3);
      await audit(anna, `desk ${name}`);
      await shot(anna, `desk-${name}`);
      await audit(visitor, `chat ${name}`);
      await shot(visitor, `chat-${name}`);
      if (width < 900) {
        await anna.click('nav.tabs button:has-text("Customer")');
        await shot(anna, `story-${name}`);
        await anna.click('nav.tabs button:has-text("Now")');
      }
      await anna.click('button:has-text("End") >> nth=0');
      await anna.click('button:has-text("Done")');
      await anna.context().close();
      await visitor.context().close();

      const sue = await open('/desk', { width, height, dark });
      await signIn(sue, 'sue', process.env.TANDEM_PASSWORD);
      if (width < 900) await sue.click('nav.tabs button:has-text("Now")');
      await sue.waitForSelector('td:has-text("Anna")');
      await audit(sue, `supervisor ${name}`);
      await shot(sue, `supervisor-${name}`);
      await sue.context().close();
    }
  }
});
