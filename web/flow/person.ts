/** Somebody with an authenticator app, who waits for its next code when he must. */
import type { Locator, Page } from 'playwright-core';
import { totpCode, totpStep } from '../src/access/totp.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const POLL_MS = 200;

export function fromBase32(text: string): Uint8Array<ArrayBuffer> {
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2));
}

export class AuthenticatorApp {
  private step = 0;

  constructor(private readonly secret: Uint8Array<ArrayBuffer>) {}

  /** Of the next step that the vault takes: each is good once. */
  async code(): Promise<string> {
    this.step = Math.max(this.step + 1, totpStep(Date.now()) - 1);
    while (this.step > totpStep(Date.now()) + 1)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    return totpCode(this.secret, this.step);
  }
}

export async function type(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [id, text] of Object.entries(fields)) await page.locator(`#${id}`).fill(text);
}

export async function shown(what: Locator): Promise<void> {
  await what.first().waitFor({ state: 'visible' });
}
