/** Goal: a box made here is the box that vaultd opens. Method: known bytes of src/crypto/box_test.c
 * (whose HPKE is checked against RFC 9180), then that nothing goes in which C would refuse (TP-4). */
import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import test from 'node:test';
import { vectors } from '../../tests/vectors.ts';
import { type BoxContext, contextBytes, sealBox } from './box.ts';
import { type Bytes, fromHex, toBase64Url, toHex } from './bytes.ts';

const vector = vectors('crypto/box_vector.h');

function pointOf(scalar: string): Bytes {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar, 'hex');
  return Uint8Array.from(curve.getPublicKey());
}

async function pairOf(scalar: string): Promise<CryptoKeyPair> {
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

const context: BoxContext = {
  dataClass: 103,
  purpose: 60,
  amount: -1n,
  currency: 'CNY',
  expiryUs: 1790000000123456n,
  serverNonce: fromHex(vector('BOX_VECTOR_NONCE')),
  tenant: vector('BOX_VECTOR_TENANT'),
  order: vector('BOX_VECTOR_ORDER'),
  payee: vector('BOX_VECTOR_PAYEE'),
};
const recipient = { keyId: 20261128, point: pointOf(vector('BOX_VECTOR_RECIPIENT')) };
const plain = fromHex(vector('BOX_VECTOR_PLAIN'));

test('a box is the one that C opens, byte by byte', async () => {
  const pair = await pairOf(vector('BOX_VECTOR_EPHEMERAL'));
  const box = await sealBox(recipient, context, plain, pair);
  assert.equal(toHex(box), vector('BOX_VECTOR_BOX'));
});

test('two boxes of the same words have nothing secret in common', async () => {
  const [one, other] = [await sealBox(recipient, context, plain),
    await sealBox(recipient, context, plain)];
  assert.equal(one.length, other.length);
  assert.notEqual(toHex(one.slice(10, 75)), toHex(other.slice(10, 75)));
  assert.notEqual(toHex(one.slice(-plain.length)), toHex(other.slice(-plain.length)));
  assert.ok(!toHex(one).includes(toHex(plain)));
});

test('names that do not fit and points that are none are refused', async () => {
  assert.throws(() => contextBytes({ ...context, payee: '虎'.repeat(43) }));
  assert.ok(contextBytes({ ...context, payee: '虎'.repeat(42) }).length > 128);
  await assert.rejects(sealBox(recipient, context, new Uint8Array(4097)));
  const point = Uint8Array.from(recipient.point);
  point[64] = (point[64] ?? 0) ^ 1;
  await assert.rejects(sealBox({ ...recipient, point }, context, plain));
});
