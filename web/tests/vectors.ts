/** Known bytes that a C test checks too: the #defines of a header in src/. */
import { readFileSync } from 'node:fs';
import { createECDH, webcrypto } from 'node:crypto';
import { type Bytes, fromHex, toBase64Url } from '../src/seal/bytes.ts';

/** Node 18 does not have it as a global. */
globalThis.crypto ??= webcrypto as Crypto;

export function vectors(header: string): (name: string) => string {
  const text = readFileSync(new URL(`../../../src/${header}`, import.meta.url), 'utf8');
  return (name) => {
    const found = new RegExp(`#define ${name}\\s+((?:\\\\\\s*)?"[^#]*")`).exec(text);
    if (found?.[1] === undefined) throw new Error(`${header} has no ${name}`);
    return [...found[1].matchAll(/"([^"]*)"/g)].map((piece) => piece[1]).join('');
  };
}

/** The public half of a scalar. */
export function pointOf(scalar: string): Bytes {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar, 'hex');
  return Uint8Array.from(curve.getPublicKey());
}

export async function pairOf(scalar: string): Promise<CryptoKeyPair> {
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const point = pointOf(scalar);
  const x = toBase64Url(point.slice(1, 33));
  const y = toBase64Url(point.slice(33));
  const jwk = { kty: 'EC', crv: 'P-256', d: toBase64Url(fromHex(scalar)), x, y };
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, curve, false, ['deriveBits']),
    publicKey: await crypto.subtle.importKey('raw', point, curve, true, []),
  };
}
