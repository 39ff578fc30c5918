/** One-time codes (RFC 6238) as src/crypto/totp.h has them: here only to see that a newcomer's app
 * shows what it should before anything is set. */
import { type Bytes, toBase32 } from '../seal/bytes.ts';

const STEP_S = 30;
const DIGITS = 6;

export async function totpCode(secret: Bytes, step: number): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-1' };
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign']);
  const counter = new Uint8Array(8);
  new DataView(counter.buffer).setBigUint64(0, BigInt(step));
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter));
  const at = mac.getUint8(mac.byteLength - 1) & 0x0f;
  const number = (mac.getUint32(at) & 0x7fffffff) % 10 ** DIGITS;
  return String(number).padStart(DIGITS, '0');
}

export function totpStep(nowMs: number): number {
  return Math.floor(nowMs / 1000 / STEP_S);
}

/** The app's code of now, or of the step before or after. */
export async function totpMatches(secret: Bytes, code: string, nowMs: number): Promise<boolean> {
  const step = totpStep(nowMs);
  const near = await Promise.all([-1, 0, 1].map((offset) => totpCode(secret, step + offset)));
  return near.includes(code);
}

/** What authenticator apps read as a QR code. */
export function totpUri(issuer: string, name: string, secret: Bytes): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(name)}`;
  return `otpauth://totp/${label}?secret=${toBase32(secret)}&issuer=${encodeURIComponent(issuer)}`;
}
