/** A newcomer at the console's page, from his first code to an act that he agreed to with a key of
 * his browser (tests/flow_web.c starts the house). */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import * as attacks from './attacks.ts';
import { complaints, openBrowser, openContext, openPage, plugAuthenticator, shot } from './browser.ts';
import { folder, hufu, member, origin } from './house.ts';
import { AuthenticatorApp, fromBase32, shown, type } from './person.ts';

const PASSWORD = 'copper lantern 48 orchard';
const NAME = 'mei';

function filed(name: string, text: string): string {
  const path = `${folder}/${name}`;
  writeFileSync(path, text);
  return path;
}

function publicPemOf(curve: 'ed25519' | 'prime256v1'): string {
  const pair = curve === 'ed25519' ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: curve });
  return pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** Joins by alice's and bob's word, with a key that he will not use. */
function joins(): { first: string; second: string } {
  const key = filed('newcomer.pem', publicPemOf('ed25519'));
  const said = hufu('alice', 'bob', 'access', 'join', NAME, '--staff-number', 'S-mei', '--roles',
    'security-officer', '--key', key, '--reason', 'a newcomer');
  assert.ok(!said.includes('hufu:'), said);
  return {
    first: member(hufu('alice', null, 'enrolment', 'begin', NAME), 'half'),
    second: member(hufu('bob', null, 'enrolment', 'complete', NAME), 'half'),
  };
}

async function enrols(page: Page): Promise<AuthenticatorApp> {
  const { first, second } = joins();
  await page.getByRole('tab').nth(1).click();
  await type(page, { enrol_name: NAME, enrol_first: first, enrol_second: second,
    enrol_password: PASSWORD, enrol_again: PASSWORD });
  const secret = (await page.locator('#enrol_secret').textContent()) ?? '';
  const app = new AuthenticatorApp(fromBase32(secret.trim()));
  await type(page, { enrol_code: '000000' });
  await page.locator('#enrol_submit').click();
  await shown(page.locator('#enrol_code_help')); /* another code than the app's sets nothing */
  await shot(page, '1-enrol');
  await type(page, { enrol_code: await app.code() });
  await page.locator('#enrol_submit').click();
  await shown(page.locator('#login_submit'));
  return app;
}

async function logsIn(page: Page, app: AuthenticatorApp): Promise<void> {
  await type(page, { login_name: NAME, login_password: PASSWORD, login_code: await app.code() });
  await page.locator('#login_submit').click();
  await shown(page.locator('#logout'));
}

async function isRefused(page: Page): Promise<void> {
  await type(page, { login_name: NAME, login_password: 'not this one 99', login_code: '123456' });
  await page.locator('#login_submit').click();
  await shown(page.locator('.ant-alert-error'));
  await shot(page, '2-refused');
  assert.equal(await page.locator('#login_password').inputValue(), '');
}

async function opens(page: Page, tab: number): Promise<void> {
  await page.getByRole('tab').nth(tab).click();
}

/** Two of the house enrol the public half that this browser shows; his session is over by that. */
async function makesHisKey(page: Page): Promise<void> {
  await opens(page, 1);
  await page.locator('#make_key').click();
  const pem = (await page.locator('#public_pem').textContent()) ?? '';
  await attacks.exportingTheKeyFails(page);
  const said = hufu('alice', 'bob', 'access', 'move', NAME, '--roles', 'security-officer', '--key',
    filed('mei.pub.pem', pem), '--reason', 'his own key');
  assert.ok(!said.includes('hufu:'), said);
  await opens(page, 2);
  await shown(page.locator('#login_submit'));
}

async function addsAPasskey(page: Page): Promise<void> {
  await opens(page, 1);
  await page.locator('#add_passkey').click();
  await shown(page.locator('tr[data-row-key]'));
  await shot(page, '3-keys');
}

async function logsOut(page: Page): Promise<void> {
  await page.locator('#logout').click();
  await shown(page.locator('#login_submit'));
  const status = await page.evaluate(async () => (await fetch('/console/v1/whoami')).status);
  assert.equal(status, 401);
  const cookies = await page.context().cookies(origin);
  assert.deepEqual(cookies.map(({ name }) => name), ['__Host-hufu-device']);
}

async function logsInByPasskey(page: Page): Promise<void> {
  await page.locator('#login_passkey').click();
  await shown(page.locator('#logout'));
}

/** alice asks for another system to be let in: it waits. */
function alicesRequest(name: string): string {
  const csr = filed(`${name}.pem`, publicPemOf('prime256v1'));
  const said = hufu('alice', null, 'caller', 'add', '--name', name, '--csr', csr, '--may', 'protect',
    '--out', `${folder}/${name}.crt`);
  const found = /request ([0-9a-f]{16})/.exec(said);
  assert.ok(found?.[1] !== undefined, said);
  return found[1];
}

async function signs(page: Page, request: string): Promise<void> {
  await page.locator(`[data-request="${request}"]`).click();
  await shown(page.getByText('shop', { exact: true }));
  await type(page, { decide_reason: 'ticket 4, agreed' });
  await shot(page, '4-request');
  assert.ok(!hufu('alice', null, 'caller', 'list').includes('shop'));
  await page.locator('#sign').click();
  await shown(page.locator('#refresh'));
  assert.ok(hufu('alice', null, 'caller', 'list').includes('shop'));
  assert.match(hufu('alice', null, 'request', 'show', request), /ticket 4, agreed/);
}

async function refuses(page: Page, request: string): Promise<void> {
  await page.locator('#refresh').click();
  await page.locator(`[data-request="${request}"]`).click();
  await type(page, { decide_reason: 'not this one' });
  await page.locator('#end').click();
  await shown(page.locator('#refresh'));
  assert.match(hufu('alice', null, 'request', 'show', request), /refused/);
}

/** The door wants a fresh proof: once here by our word, given to the house itself. */
async function provesAgain(page: Page): Promise<void> {
  let asked = 0;
  await page.route(`${origin}/console/v1/passkeys/remove`, async (route) => {
    asked += 1;
    if (asked > 1) return route.fallback();
    return route.fulfill({ status: 403, json: { code: 'PROOF_NEEDED', message: 'prove it' } });
  });
  await opens(page, 1);
  await page.locator('tr[data-row-key] button').first().click();
  await page.locator('.ant-popconfirm-buttons .ant-btn-primary').click();
  await shown(page.locator('#proof_passkey'));
  await shot(page, '5-proof');
  await page.locator('#proof_passkey').click();
  await page.locator('tr[data-row-key]').first().waitFor({ state: 'detached' });
  assert.equal(asked, 2);
}

async function looksAtSessions(page: Page): Promise<void> {
  await opens(page, 2);
  await shown(page.locator('tr[data-row-key]'));
  await shot(page, '6-sessions');
}

async function speaks(page: Page, language: string): Promise<void> {
  await page.locator('.ant-segmented-item', { hasText: language }).first().click();
}

async function flow(browser: Browser): Promise<void> {
  const context = await openContext(browser, 'zh-CN');
  const page = await openPage(context);
  await plugAuthenticator(page);
  await shot(page, '0-zh-login');
  await attacks.anotherBoxKeyIsNotUsed(await openContext(browser, 'en'));
  const app = await enrols(page);
  await isRefused(page);
  await logsIn(page, app);
  await makesHisKey(page);
  await logsIn(page, app);
  await addsAPasskey(page);
  await logsOut(page);
  await logsInByPasskey(page);
  const request = alicesRequest('shop');
  const other = alicesRequest('stall');
  await page.locator('#refresh').click();
  await shot(page, '4-requests');
  await attacks.alteredBytesAreNotSigned(page, request);
  await attacks.anotherOriginGetsNothing(context);
  await signs(page, request);
  await speaks(page, 'English');
  await refuses(page, other);
  await looksAtSessions(page);
  await provesAgain(page);
  await logsOut(page);
  await shot(page, '7-en-login');
  attacks.everyPostShowedItsSession();
  assert.deepEqual(complaints, []);
}

const browser = await openBrowser();
try {
  await flow(browser);
} finally {
  await browser.close();
}
