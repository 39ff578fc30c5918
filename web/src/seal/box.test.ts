/** Goal: a box made here is the box that vaultd opens. Method: known bytes of src/crypto/box_test.c
 * (whose HPKE is checked against RFC 9180), then that nothing goes in which C would refuse (TP-4). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { pairOf, pointOf, vectors } from '../../tests/vectors.ts';
import { type BoxContext, contextBytes, sealBox } from './box.ts';
import { fromHex, toHex } from './bytes.ts';

const vector = vectors('crypto/box_vector.h');

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
