/**
 * Passwords, one-time codes and authenticator secrets on their way to vaultd: each in a box, none
 * anywhere else (TP-4). Strings of JavaScript cannot be wiped; bytes of ours are.
 */
import { boxRecipient, type BoxKeyAnswer } from '../seal/box_key.ts';
import { DATA_CLASS, PURPOSE, sealBox } from '../seal/box.ts';
import { type Bytes, concat, fromHex, toBase64, utf8 } from '../seal/bytes.ts';
import { get } from './door.ts';

export const HOUSE = 'hufu';
export const TOTP_SECRET_BYTES = 20;
const BOX_LIFE_US = 120n * 1_000_000n;

export interface Owner {
  /** HOUSE, or a merchant's number */
  tenant: string;
  name: string;
}

interface Challenge extends BoxKeyAnswer {
  nonce: string;
}

let pinned: Promise<string | null> | undefined;

/** The platform key that this page's folder names, so that no other box key is believed. */
export function platformPin(): Promise<string | null> {
  pinned ??= fetch('/platform.pem', { credentials: 'omit' })
    .then((answer) => (answer.ok ? answer.text() : ''))
    .then((text) => (text.trim() === '' ? null : text));
  return pinned;
}

async function box(
  owner: Owner, dataClass: number, purpose: number, plain: Bytes,
): Promise<string> {
  const challenge = await get<Challenge>('login/challenge');
  const recipient = await boxRecipient(challenge, await platformPin());
  const realm = owner.tenant === HOUSE ? 'staff' : 'administrators';
  const context = {
    dataClass,
    purpose,
    amount: 0n,
    currency: '',
    expiryUs: BigInt(Date.now()) * 1000n + BOX_LIFE_US,
    serverNonce: fromHex(challenge.nonce),
    tenant: `${owner.tenant}/${realm}`,
    order: '',
    payee: owner.name,
  };
  const sealed = await sealBox(recipient, context, plain);
  plain.fill(0);
  return toBase64(sealed);
}

/** A u8 length, what it counts, and the rest. */
function two(first: Bytes, second: Bytes): Bytes {
  return concat(Uint8Array.of(first.length), first, second);
}

export function loginBox(owner: Owner, password: string, code: string): Promise<string> {
  const plain = two(utf8(code), utf8(password.normalize('NFC')));
  return box(owner, DATA_CLASS.password, PURPOSE.loginCode, plain);
}

/** The first password: there is no old one. */
export function firstPasswordBox(owner: Owner, password: string): Promise<string> {
  const plain = two(new Uint8Array(0), utf8(password.normalize('NFC')));
  return box(owner, DATA_CLASS.password, PURPOSE.setPassword, plain);
}

export function firstSecondBox(owner: Owner, secret: Bytes): Promise<string> {
  const plain = two(new Uint8Array(0), secret);
  return box(owner, DATA_CLASS.secondFactor, PURPOSE.setSecond, plain);
}
