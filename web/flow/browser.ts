/** Chromium with the house's certificate trusted by its key, and an ear on all that it complains of. */
import { mkdirSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page, type Request } from 'playwright-core';
import { chromiumPath, leafKeyDigest, origin } from './house.ts';

/** What a page did wrong, by its own browser's account. */
export const complaints: string[] = [];
/** Every request that left a page. */
export const sent: Request[] = [];

const shots = process.env['HUFU_WEB_SHOTS'];

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--ignore-certificate-errors-spki-list=${await leafKeyDigest()}`,
      /* this house lies on loopback, where pages from outside may otherwise not look */
      '--disable-features=LocalNetworkAccessChecks',
    ],
  });
}

export async function openContext(browser: Browser, locale: string): Promise<BrowserContext> {
  const context = await browser.newContext({ locale, viewport: { width: 1180, height: 820 } });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP refused ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
    });
  });
  context.on('request', (request) => sent.push(request));
  return context;
}

export async function openPage(context: BrowserContext, path = ''): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => complaints.push(`error in the page: ${error}`));
  page.on('console', (said) => {
    if (/Content.Security.Policy|CSP refused|Warning:/i.test(said.text())) complaints.push(said.text());
  });
  await page.goto(origin + path);
  return page;
}

/** A picture for people to look at, where HUFU_WEB_SHOTS names a folder. */
export async function shot(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  /* hiding the caret would need a style, which the page's policy refuses */
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true, caret: 'initial' });
}

/** A passkey device in software: always at hand, and its owner is verified. */
export async function plugAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}
