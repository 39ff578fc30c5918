/** A payer at the cashier page, with the keyboard and with the shuffled pad (tests/flow_cashier.c starts
 * the house). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Frame, Page } from 'playwright-core';
import * as attacks from './cashier_attacks.ts';
import * as origins from './cashier_origins.ts';
import { complaints, openBrowser, openContext, openPage, shot } from './browser.ts';
import { holdsNowhere } from './heap.ts';
import { origin, setting } from './house.ts';
import { shown, type } from './person.ts';

export const PIN = setting('HUFU_PIN');
const WRONG = '640281';
const PAYER = 'payer-1';
const PHONE = { width: 480, height: 1000 };

async function opens(browser: Browser, locale: string, order: string): Promise<Page> {
  const context = await openContext(browser, locale);
  const page = await openPage(context, '/cashier/field.html');
  await page.setViewportSize(PHONE); /* all of it to be seen: nothing scrolls under a click */
  await page.goto(`${origin}/cashier/#${setting(order)}`);
  return page;
}

async function field(page: Page): Promise<Frame> {
  const element = await page.locator('iframe.hufu-field').elementHandle();
  const frame = await element?.contentFrame();
  assert.ok(frame);
  await frame.locator('input:enabled').waitFor();
  return frame;
}

async function types(page: Page, pin: string): Promise<Frame> {
  const frame = await field(page);
  await frame.locator('input').click();
  for (const digit of pin) await page.keyboard.press(digit);
  return frame;
}

async function showsDots(frame: Frame, count: number): Promise<void> {
  assert.equal(await frame.locator('input').inputValue(), '•'.repeat(count));
}

async function paysByKeyboard(browser: Browser): Promise<void> {
  const page = await opens(browser, 'zh-CN', 'HUFU_ORDER_TYPED');
  await type(page, { payer: PAYER });
  const frame = await types(page, WRONG);
  await showsDots(frame, 6);
  await page.locator('.pay').click();
  await page.locator('.problem:not(:empty)').waitFor();
  await shot(page, 'cashier-1-wrong');
  await attacks.plantSpy(page);
  await types(page, `${PIN.slice(0, 3)}0`);
  await page.keyboard.press('Backspace');
  for (const digit of PIN.slice(3)) await page.keyboard.press(digit);
  await showsDots(frame, 6);
  await shot(page, 'cashier-2-typed');
  await holdsNowhere(page, PIN);
  await holdsNowhere(page, WRONG);
  await attacks.spyHeardNothing(page);
  await page.locator('.pay').click();
  await shown(page.locator('.mark.paid'));
  await attacks.boxesPayOnce(page, setting('HUFU_ORDER_ATTACKED'));
  await shot(page, 'cashier-3-paid');
}

/** Which digit each shape of the picture is: what a payer's eyes know. */
function shapes(): Map<string, string> {
  const source = readFileSync(`${setting('HUFU_SOURCE')}/src/api/payer_pad.c`, 'utf8');
  const found = [...source.matchAll(/^ {4}"(M[^"]+)",$/gm)];
  assert.equal(found.length, 10);
  return new Map(found.map((shape, digit) => [shape[1] ?? '', String(digit)]));
}

/** Where each digit lies on the pad that this page shows. */
async function looks(page: Page, frame: Frame): Promise<string[]> {
  const picture = frame.locator('.pad img');
  await picture.waitFor();
  const target = await picture.evaluate((image: HTMLImageElement) => image.src);
  const svg = await (await page.request.get(target)).text();
  const known = shapes();
  return [...svg.matchAll(/ d="([^"]+)"/g)].map((shape) => known.get(shape[1] ?? '') ?? '?');
}

async function presses(page: Page, pin: string): Promise<string[]> {
  const frame = await field(page);
  const places = await looks(page, frame);
  for (const digit of pin) await frame.locator(`.place${places.indexOf(digit)}`).click();
  return places;
}

async function paysByPad(browser: Browser): Promise<void> {
  const page = await opens(browser, 'en', 'HUFU_ORDER_PRESSED');
  await type(page, { payer: PAYER });
  const frame = await field(page);
  await frame.locator('.offer').click();
  const before = await presses(page, WRONG);
  await shot(page, 'cashier-4-pad');
  await page.locator('.pay').click();
  await page.locator('.problem:not(:empty)').waitFor();
  const after = await presses(page, `${PIN}${PIN}`); /* more than fits is not taken */
  assert.notDeepEqual(before, after);
  assert.deepEqual([...after].sort(), [...'0123456789']);
  await showsDots(frame, 6);
  await holdsNowhere(page, PIN);
  await attacks.aLyingPageGetsNoPort(page);
  await page.locator('.pay').click();
  await shown(page.locator('.mark.paid'));
}

const browser = await openBrowser();
try {
  await attacks.anotherOriginFramesNothing(browser);
  await attacks.anotherBoxKeyIsNotUsed(browser, setting('HUFU_ORDER_ATTACKED'));
  await origins.registeredPagesAloneFrameFields(browser);
  assert.ok(complaints.splice(0).every((said) => /frame-ancestors/.test(said)));
  await paysByKeyboard(browser);
  await paysByPad(browser);
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
