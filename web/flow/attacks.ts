/** What pages of others, scripts in the page and whoever alters what it reads can do: nothing. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from 'playwright-core';
import { generateKeyPairSync } from 'node:crypto';
import { origin } from './house.ts';
import { openPage, sent } from './browser.ts';
import { shown, type } from './person.ts';

/** In the page itself: neither the private half nor a way to get it out. */
export async function exportingTheKeyFails(page: Page): Promise<void> {
  const said = await page.evaluate(async () => {
    const opening = indexedDB.open('hufu');
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const all = database.transaction('signing-keys').objectStore('signing-keys').getAll();
    const kept = await new Promise<{ pair: CryptoKeyPair }[]>((resolve) => {
      all.onsuccess = () => resolve(all.result as { pair: CryptoKeyPair }[]);
    });
    const key = kept[0]!.pair.privateKey;
    const tries = (['pkcs8', 'jwk', 'raw'] as const).map((format) =>
      crypto.subtle.exportKey(format as 'pkcs8', key).then(() => 'exported', (why: Error) => why.name));
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true,
      ['wrapKey']);
    const wrapped = crypto.subtle.wrapKey('pkcs8', key, wrapping, { name: 'AES-GCM',
      iv: new Uint8Array(12) }).then(() => 'wrapped', (why: Error) => why.name);
    return { count: kept.length, extractable: key.extractable,
      names: await Promise.all([...tries, wrapped]), text: JSON.stringify(kept) };
  });
  assert.equal(said.count, 1);
  assert.equal(said.extractable, false);
  assert.ok(said.names.every((name) => /InvalidAccessError|NotSupportedError/.test(name)),
    said.names.join());
  assert.ok(!said.text.includes('"d"'));
}

export async function serveElsewhere(): Promise<Server> {
  const server = createServer((_, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end('<!doctype html><title>elsewhere</title><body></body>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Another origin, in the very browser in which somebody is logged in. */
export async function anotherOriginGetsNothing(context: BrowserContext): Promise<void> {
  const server = await serveElsewhere();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const got = await page.evaluate(async (target) => {
    const ask = (path: string, init: RequestInit) =>
      fetch(target + path, { credentials: 'include', ...init })
        .then((answer) => `${answer.type} ${answer.status}`, () => 'refused');
    const json = { 'Content-Type': 'application/json' };
    const body = '{"operation":"status"}';
    const frame = document.createElement('iframe');
    const framed = new Promise<string>((resolve) => {
      frame.onload = () => {
        try {
          resolve(frame.contentDocument === null ? 'closed' : 'open');
        } catch {
          resolve('closed');
        }
      };
    });
    frame.src = target;
    document.body.append(frame);
    return {
      read: await ask('/console/v1/whoami', {}),
      preflighted: await ask('/console/v1/status', { method: 'POST', headers: json, body }),
      simple: await ask('/console/v1/logout', { method: 'POST', mode: 'no-cors', body: '{}' }),
      page: await ask('/index.html', { mode: 'no-cors' }),
      frame: await framed,
    };
  }, origin);
  assert.equal(got.read, 'refused');
  assert.equal(got.preflighted, 'refused');
  assert.match(got.simple, /refused|opaque 0/); /* answered with 403 to nobody */
  assert.equal(got.page, 'refused'); /* Cross-Origin-Resource-Policy */
  assert.equal(got.frame, 'closed');
  assert.ok(!page.frames().some((frame) => frame.url().startsWith(origin)));
  await page.close();
  server.close();
}

/** Somebody between hufud and the page shows other bytes than those that are to be signed. */
export async function alteredBytesAreNotSigned(page: Page, request: string): Promise<void> {
  const path = `${origin}/console/v1/request.show`;
  await page.route(path, async (route) => {
    const answer = await route.fetch();
    const detail = (await answer.json()) as { exact_base64: string };
    const exact = Buffer.from(detail.exact_base64, 'base64').toString().replace('shop', 'evil');
    const json = { ...detail, exact_base64: Buffer.from(exact).toString('base64') };
    await route.fulfill({ response: answer, json });
  });
  await page.locator(`[data-request="${request}"]`).click();
  await shown(page.locator('.ant-alert-error'));
  assert.equal(await page.locator('#sign').count(), 0);
  await page.unroute(path);
  await page.locator('#back').click();
}

/** A captured hufud hands out a key of its own: the page that pins another one sends nothing. */
export async function anotherBoxKeyIsNotUsed(context: BrowserContext): Promise<void> {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const body = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await context.route(`${origin}/platform.pem`, (route) => route.fulfill({ body }));
  const page = await openPage(context);
  const before = sent.length;
  await type(page, { login_name: 'mei', login_password: 'whatever this is 7', login_code: '000000' });
  await page.locator('#login_submit').click();
  await shown(page.locator('.ant-alert-error'));
  assert.ok(!sent.slice(before).some((request) => request.method() === 'POST'));
  await page.close();
  await context.unroute(`${origin}/platform.pem`);
}

/** Every POST of the page is its own; each with a session shows the session's own value. */
export function everyPostShowedItsSession(): void {
  const ours = sent.filter((request) => request.url().startsWith(origin));
  const posts = ours.filter((request) => request.method() === 'POST');
  const outside = /\/console\/v1\/(login|enrol|passkey\/login)$/;
  const inside = posts.filter((request) => !outside.test(request.url()))
    .filter((request) => request.frame().url().startsWith(origin));
  assert.ok(inside.length > 5);
  for (const request of inside)
    assert.match(request.headers()['hufu-csrf'] ?? '', /^[0-9a-f]{64}$/, request.url());
}
