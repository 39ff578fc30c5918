/** A payer at the cashier page binds his bank card, and pays his order (tests/flow_cashier_cards.c starts
 * the house and the bank). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Frame, Page } from 'playwright-core';
import { complaints, openBrowser, openContext, openPage, shot } from './browser.ts';
import { holdsNowhere } from './heap.ts';
import { folder, origin, setting } from './house.ts';
import { shown, type } from './person.ts';

const PIN = setting('HUFU_PIN');
const PAYER = 'payer-1';
const PHONE = { width: 480, height: 1100 };
const ELEMENTS = { name: setting('HUFU_NAME'), identity: setting('HUFU_IDENTITY'),
  card: setting('HUFU_CARD'), phone: setting('HUFU_PHONE') };

async function opens(browser: Browser, locale: string, order: string): Promise<Page> {
  const context = await openContext(browser, locale);
  const page = await openPage(context, '/cashier/field.html');
  await page.setViewportSize(PHONE);
  await page.goto(`${origin}/cashier/#${setting(order)}`);
  return page;
}

async function field(page: Page, kind: string): Promise<Frame> {
  const element = await page.locator(`iframe[data-kind=${kind}]`).elementHandle();
  const frame = await element?.contentFrame();
  assert.ok(frame);
  await frame.locator('input:enabled').waitFor();
  return frame;
}

/** Letter by letter; a Chinese one as an input method gives it. */
async function enters(page: Page, kind: string, text: string): Promise<void> {
  const frame = await field(page, kind);
  await frame.locator('input').click();
  for (const letter of text)
    if (/[ -~]/.test(letter)) await page.keyboard.press(letter);
    else await page.keyboard.insertText(letter);
  assert.equal(await frame.locator('input').inputValue(), '\u2022'.repeat([...text].length));
}

async function beginsBinding(page: Page): Promise<void> {
  await type(page, { payer: PAYER });
  await page.locator('.other').click();
}

async function entersElements(page: Page, elements: typeof ELEMENTS): Promise<void> {
  for (const [kind, text] of Object.entries(elements)) await enters(page, kind, text);
  await enters(page, 'pin', PIN);
}

/** What the bank sent to his telephone. */
async function code(page: Page, asked: Promise<string>): Promise<string> {
  await field(page, 'code');
  return readFileSync(`${folder}/sandbank/code-${await asked}.txt`, 'utf8');
}

function idOfBinding(page: Page): Promise<string> {
  return page.waitForResponse((answer) => answer.url().endsWith('/payer/v1/cards') && answer.ok())
    .then(async (answer) => ((await answer.json()) as { card_id: string }).card_id);
}

async function binds(page: Page): Promise<void> {
  await beginsBinding(page);
  await entersElements(page, ELEMENTS);
  await shot(page, 'cards-1-four-elements');
  await holdsNowhere(page, PIN, ...Object.values(ELEMENTS));
  const asked = idOfBinding(page);
  await page.locator('.pay').click();
  const sentCode = await code(page, asked);
  const wrong = sentCode.replace(/.$/, (last) => String((Number(last) + 1) % 10));
  await enters(page, 'code', wrong);
  await page.locator('.pay').click();
  await page.locator('.problem:not(:empty)').waitFor();
  await enters(page, 'code', sentCode);
  await shot(page, 'cards-2-code');
  await holdsNowhere(page, PIN, sentCode, wrong, ...Object.values(ELEMENTS));
  await page.locator('.pay').click();
  await shown(page.locator('.mark.paid'));
  assert.match(await page.locator('.card').innerText(), /^[* ]+\d{4}$/);
  await shot(page, 'cards-3-bound');
}

/** Somebody else's card, in English: the bank is not asked, and he may try again. */
async function isRefusedAnothersCard(browser: Browser): Promise<void> {
  const page = await opens(browser, 'en', 'HUFU_ORDER_CARD');
  await beginsBinding(page);
  await entersElements(page, { ...ELEMENTS, name: 'Li Si' });
  await page.locator('.pay').click();
  await page.locator('.problem:not(:empty)').waitFor();
  assert.match(await page.locator('.problem').innerText(), /payer's own/);
  await shot(page, 'cards-4-anothers');
  await page.context().close();
}

async function bindsAndPays(browser: Browser): Promise<void> {
  const page = await opens(browser, 'zh-CN', 'HUFU_ORDER_CARD');
  await binds(page);
  await page.locator('.step .pay').click();
  await paysOrder(page);
}

async function paysOrder(page: Page): Promise<void> {
  const element = await page.locator('iframe.hufu-field').elementHandle();
  const frame = await element?.contentFrame();
  assert.ok(frame);
  await frame.locator('input:enabled').waitFor();
  await frame.locator('input').click();
  for (const digit of PIN) await page.keyboard.press(digit);
  await shot(page, 'cards-5-pays');
  await page.locator('.pay').click();
  await shown(page.locator('.mark.paid'));
  await shot(page, 'cards-6-paid');
}

const browser = await openBrowser();
try {
  await isRefusedAnothersCard(browser);
  await bindsAndPays(browser);
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
