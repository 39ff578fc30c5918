/** Pages of merchants around a protected field: the registered one frames it, others and overlays get
 * nothing (tests/flow_cashier.c registers https://shop.example for merchant 1900000001). */
import assert from 'node:assert/strict';
import type { Browser, Frame, Page } from 'playwright-core';
import { openContext } from './browser.ts';
import { origin } from './house.ts';

const SHOP = 'https://shop.example';
const FIELD = `${origin}/cashier/field.html?merchant=1900000001`;
/* Invisible, over what a visitor wants to click: what clickjacking is made of. */
const HIDDEN = 'opacity:0;position:absolute;left:0;top:0;width:400px;height:300px;z-index:9';

function framing(target: string, style = ''): string {
  return `<!doctype html><title>a page</title><button>Win</button>
    <iframe sandbox="allow-scripts" style="${style}" src="${target}#${encodeURIComponent(SHOP)}"></iframe>`;
}

/** A page of any origin, answered here: no name is asked for, no server is needed. */
async function shows(browser: Browser, address: string, page: string): Promise<Page> {
  const context = await openContext(browser, 'en');
  await context.route((url) => !url.href.startsWith(origin), (route) => {
    const body = route.request().url() === `${SHOP}/` ? framing(FIELD) : page;
    return route.fulfill({ contentType: 'text/html', body });
  });
  const opened = await context.newPage();
  opened.setDefaultTimeout(20_000);
  await opened.goto(address, { waitUntil: 'load' });
  return opened;
}

function fields(page: Page): Frame[] {
  return page.frames().filter((frame) => frame.url().startsWith(origin));
}

async function framesNothing(browser: Browser, address: string, page: string): Promise<void> {
  const opened = await shows(browser, address, page);
  assert.deepEqual(fields(opened).map((frame) => frame.url()), [], address);
  await opened.context().close();
}

async function framesTheField(browser: Browser): Promise<void> {
  const opened = await shows(browser, `${SHOP}/`, '');
  const [field] = fields(opened);
  assert.ok(field);
  await field.locator('body').waitFor();
  /* its page is another's to it, and cannot look in */
  assert.equal(await field.evaluate(() => self.origin), 'null');
  assert.ok(await opened.evaluate(() => document.querySelector('iframe')?.contentDocument === null));
  await opened.context().close();
}

export async function registeredPagesAloneFrameFields(browser: Browser): Promise<void> {
  await framesTheField(browser);
  const overlay = framing(FIELD, HIDDEN);
  for (const elsewhere of ['https://evil.example/', 'http://shop.example/', 'https://shop.example:8443/',
    'https://www.shop.example/', 'https://shop.example.evil.example/'])
    await framesNothing(browser, elsewhere, overlay);
  /* another merchant's field, and a whole cashier, even for the registered page */
  for (const target of [`${origin}/cashier/field.html?merchant=1900000002`, `${origin}/cashier/field.html`,
    `${origin}/cashier/`])
    await framesNothing(browser, `${SHOP}/other`, framing(target, HIDDEN));
  /* the registered page framed by a stranger: every page around a field counts */
  await framesNothing(browser, 'https://evil.example/around',
    `<!doctype html><iframe style="${HIDDEN}" src="${SHOP}/"></iframe>`);
}
