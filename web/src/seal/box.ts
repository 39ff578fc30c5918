/**
 * Sealed boxes (src/crypto/box.h, suite 1): what is typed here is readable to vaultd alone, for one
 * purpose, for as long as its context says.
 */
import { type Bytes, utf8, Writer } from './bytes.ts';
import { encapsulate, freshPair, schedule } from './hpke.ts';

const BOX_VERSION = 1;
const CONTEXT_VERSION = 1;
export const SUITE_P256 = 1;
const NAME_BYTES_MAX = 128;
const PLAIN_BYTES_MAX = 4096;

/** policy/classes.h */
export const DATA_CLASS = { password: 103, secondFactor: 115 } as const;
/** policy/purposes.h */
export const PURPOSE = {
  pay: 1, field: 20, setPassword: 40, loginCode: 60, code: 61, setSecond: 62, cards: 71,
} as const;

export interface BoxContext {
  dataClass: number;
  purpose: number;
  amount: bigint;
  /** three letters, or '' when there is no amount */
  currency: string;
  expiryUs: bigint;
  serverNonce: Bytes;
  tenant: string;
  order: string;
  payee: string;
}

export interface BoxRecipient {
  keyId: number;
  /** 04 || x || y */
  point: Bytes;
}

function named(text: string): Bytes {
  const bytes = utf8(text);
  if (bytes.length > NAME_BYTES_MAX) throw new Error('a name is too long for a box');
  return bytes;
}

export function contextBytes(context: BoxContext): Bytes {
  const currency = new Uint8Array(3);
  currency.set(utf8(context.currency));
  return new Writer()
    .u8(CONTEXT_VERSION)
    .u16(context.dataClass)
    .u16(context.purpose)
    .i64(context.amount)
    .put(currency)
    .i64(context.expiryUs)
    .put(context.serverNonce)
    .framed(named(context.tenant))
    .framed(named(context.order))
    .framed(named(context.payee))
    .bytes();
}

/** Whatever the header says is part of the key. */
export function header(version: number, keyId: number): Writer {
  return new Writer().u8(version).u8(SUITE_P256).u32(keyId);
}

export interface BoxKeys {
  /** its bytes cannot be read again */
  key: CryptoKey;
  /** of message 0 */
  nonce: Bytes;
  /** 04 || x || y of the fresh pair */
  point: Bytes;
}

/** What a box, or a session of messages, is sealed with. */
export async function boxKeys(
  version: number, recipient: BoxRecipient, pair: CryptoKeyPair,
): Promise<BoxKeys> {
  const { point, secret } = await encapsulate(recipient.point, pair);
  const head = header(version, recipient.keyId).bytes();
  const info = new Writer().put(utf8('hufu box 1')).put(head).bytes();
  const keys = await schedule(secret, info);
  const key = await crypto.subtle.importKey('raw', keys.key, 'AES-GCM', false, ['encrypt']);
  keys.key.fill(0);
  secret.fill(0);
  return { key, nonce: keys.nonce, point };
}

/** `ephemeral` is for tests of known bytes; everybody else leaves it to us. Wipes nothing. */
export async function sealBox(
  recipient: BoxRecipient, context: BoxContext, plain: Bytes, ephemeral?: CryptoKeyPair,
): Promise<Bytes> {
  if (plain.length > PLAIN_BYTES_MAX) throw new Error('too much for a box');
  const aad = contextBytes(context);
  const keys = await boxKeys(BOX_VERSION, recipient, ephemeral ?? (await freshPair()));
  const cipher = { name: 'AES-GCM', iv: keys.nonce, additionalData: aad, tagLength: 128 };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(cipher, keys.key, plain));
  return header(BOX_VERSION, recipient.keyId).framed(keys.point).framed(aad).framed(sealed).bytes();
}
