/** Goal: where a platform key is pinned, no other box key is used. Method: keys signed rightly, by
 * another, over other bytes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import '../../tests/vectors.ts';
import { type BoxKeyAnswer, boxRecipient } from './box_key.ts';
import { type Bytes, toBase64, toPem, utf8, Writer } from './bytes.ts';

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1) };

async function point(): Promise<Bytes> {
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const pair = await crypto.subtle.generateKey(curve, true, ['deriveBits']);
  return new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
}

async function signed(platform: CryptoKeyPair): Promise<BoxKeyAnswer> {
  const key = await point();
  const message = new Writer().put(utf8('hufu-box-key')).u32(20261128).u8(1).i64(17900000000n)
    .put(key).bytes();
  const signature = await crypto.subtle.sign(RSA.name, platform.privateKey, message);
  return { key_id: 20261128, suite: 1, expires_us: 17900000000, public_key: toBase64(key),
    signature: toBase64(new Uint8Array(signature)), signature_before: '' };
}

async function pemOf(platform: CryptoKeyPair): Promise<string> {
  const spki = await crypto.subtle.exportKey('spki', platform.publicKey);
  return toPem('PUBLIC KEY', new Uint8Array(spki));
}

test('the pinned key, or the one before it, has signed', async () => {
  const platform = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const next = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const pin = await pemOf(platform);
  const answer = await signed(platform);
  assert.equal((await boxRecipient(answer, pin)).keyId, 20261128);
  const turned = { ...answer, signature: (await signed(next)).signature,
    signature_before: answer.signature };
  assert.equal((await boxRecipient(turned, pin)).point.length, 65);
});

test('another key, another id, another time or no signature is refused', async () => {
  const platform = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const pin = await pemOf(platform);
  const answer = await signed(platform);
  const other = toBase64(await point());
  for (const bad of [{ public_key: other }, { key_id: 20261129 }, { expires_us: 17900000001 },
    { signature: '' }, { signature: toBase64(new Uint8Array(256)) }])
    await assert.rejects(boxRecipient({ ...answer, ...bad }, pin), /signature/);
  await assert.rejects(boxRecipient({ ...answer, suite: 2 }, pin), /suite/);
});

test('without a pin the page is believed, but another suite is not made here', async () => {
  const platform = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const answer = await signed(platform);
  assert.equal((await boxRecipient({ ...answer, signature: '' }, null)).point.length, 65);
  await assert.rejects(boxRecipient({ ...answer, suite: 2 }, null), /suite/);
});
