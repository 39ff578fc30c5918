/** What pages around a protected field, scripts in them and whoever alters what it reads get: nothing. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { serveElsewhere } from './attacks.ts';
import { openContext, openPage, sent } from './browser.ts';
import { origin } from './house.ts';

/** A page of nobody frames fields: hufud names no origin for it, and the browser shows none. */
export async function anotherOriginFramesNothing(browser: Browser): Promise<void> {
  const server = await serveElsewhere();
  const context = await openContext(browser, 'en');
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  for (const path of ['/cashier/', '/cashier/field.html', '/cashier/field.html?merchant=1900000001']) {
    const closed = await page.evaluate(async (target) => {
      const frame = document.createElement('iframe');
      frame.src = target;
      const loaded = new Promise((resolve) => { frame.onload = resolve; });
      document.body.append(frame);
      await loaded;
      return frame.contentDocument === null;
    }, origin + path);
    assert.ok(closed);
    assert.ok(!page.frames().some((frame) => frame.url().startsWith(origin)), path);
  }
  await context.close();
  server.close();
}

/** A script that got into the page itself: listens to keys and messages, looks into the field. */
export async function plantSpy(page: Page): Promise<void> {
  await page.evaluate(() => {
    const heard: string[] = [];
    (window as unknown as { heard: string[] }).heard = heard;
    for (const name of ['keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'click'])
      window.addEventListener(name, (event) => heard.push(`${name} ${(event as KeyboardEvent).key}`), true);
    window.addEventListener('message', (event) => heard.push(JSON.stringify(event.data)));
    const element = document.querySelector('iframe');
    heard.length = 0;
    element?.contentWindow?.postMessage({ kind: 'seal' }, '*');
    element?.contentWindow?.postMessage({ kind: 'open', field: 'name' }, '*');
  });
}

export async function spyHeardNothing(page: Page): Promise<void> {
  const said = await page.evaluate(() => {
    const frame = document.querySelector('iframe');
    const looks = [() => frame?.contentDocument?.body.innerHTML ?? null,
      () => frame?.contentWindow?.document.body.innerHTML ?? null,
      () => (frame?.contentWindow as { HufuFields?: unknown } | null)?.HufuFields ?? null];
    const seen = looks.map((look) => {
      try {
        return look();
      } catch {
        return null;
      }
    });
    return { seen, heard: (window as unknown as { heard: string[] }).heard };
  });
  assert.deepEqual(said.seen, [null, null, null]);
  assert.deepEqual(said.heard, []);
}

/** A page that says it is another one: the field's only message goes to that other one. An honest
 * frame, made when the others have loaded, is heard: so would they have been. */
export async function aLyingPageGetsNoPort(page: Page): Promise<void> {
  const heard = await page.evaluate(async (target) => {
    const names = ['https://elsewhere.example', location.origin.replace('https', 'http'), location.origin];
    const got: number[] = [];
    const frames: HTMLIFrameElement[] = [];
    const honest = new Promise<void>((resolve) => {
      window.addEventListener('message', ({ source }) => {
        const index = frames.findIndex((frame) => frame.contentWindow === source);
        got.push(index);
        if (index === names.length - 1) resolve();
      });
    });
    for (const name of names) {
      const frame = document.createElement('iframe');
      frame.setAttribute('sandbox', 'allow-scripts');
      frame.src = `${target}#${encodeURIComponent(name)}`;
      const loaded = new Promise((resolve) => { frame.onload = resolve; });
      frames.push(frame);
      document.body.append(frame);
      await loaded;
    }
    await honest;
    for (const frame of frames) frame.remove();
    return got;
  }, `${origin}/cashier/field.html`);
  assert.deepEqual(heard, [2]);
}

/** A captured hufud hands out a box key of its own: the field that has another platform key pinned
 * takes no input and sends nothing. */
export async function anotherBoxKeyIsNotUsed(browser: Browser, order: string): Promise<void> {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const body = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const context = await openContext(browser, 'en');
  const headers = { 'Access-Control-Allow-Origin': '*' };
  await context.route(`${origin}/cashier/platform.pem`, (route) => route.fulfill({ body, headers }));
  const before = sent.length;
  const page = await openPage(context, `/cashier/#${order}`);
  await page.locator('.problem', { hasText: 'not to be trusted' }).waitFor();
  assert.ok(await page.frameLocator('iframe').locator('input').isDisabled());
  assert.ok(!sent.slice(before).some((request) => request.method() === 'POST'));
  await context.close();
}

/** Who heard a box sends it once more, for another order and for its own: nothing more is paid. */
export async function boxesPayOnce(page: Page, order: string): Promise<void> {
  const paid = sent.filter((request) => request.method() === 'POST').pop();
  assert.ok(paid !== undefined && paid.url().endsWith('/pay'));
  const send = async (target: string) => {
    const headers = { 'Content-Type': 'application/json' };
    return page.request.post(target, { data: paid.postData() ?? '', headers });
  };
  const elsewhere = await send(`${origin}/payer/v1/orders/${order}/pay`);
  assert.equal(elsewhere.status(), 400);
  const again = await send(paid.url());
  assert.equal(again.status(), 200); /* the same outcome, told again */
}
