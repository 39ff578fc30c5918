/** Goal: keystrokes sealed one by one are the box that vaultd joins (TP-4, TP-19). Method: known
 * bytes that src/crypto/box_test.c opens; then what a page could do wrong with a session. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { pairOf, pointOf, vectors } from '../../tests/vectors.ts';
import { type BoxContext } from './box.ts';
import { fromHex, toHex } from './bytes.ts';
import { SpelledBox } from './spelled.ts';

const box = vectors('crypto/box_vector.h');
const recipient = { keyId: 20261128, point: pointOf(box('BOX_VECTOR_RECIPIENT')) };
const context: BoxContext = {
  dataClass: 101,
  purpose: 1,
  amount: 31400n,
  currency: 'CNY',
  expiryUs: 1790000000123456n,
  serverNonce: fromHex(box('BOX_VECTOR_NONCE')),
  tenant: '1900000001',
  order: 'order-1',
  payee: '1900000001',
};

async function begin(): Promise<SpelledBox> {
  return SpelledBox.begin(recipient, context, await pairOf(box('BOX_VECTOR_EPHEMERAL')));
}

test('a spelled box is the one that C opens, byte by byte', async () => {
  const spelled = await begin();
  for (const letter of '47') spelled.type(letter);
  spelled.takeBack();
  for (const letter of '虎8') spelled.type(letter);
  for (const place of [0, 9, 4]) spelled.press(place);
  assert.equal(spelled.length, 6);
  assert.equal(toHex(await spelled.end()), box('BOX_VECTOR_SPELLED'));
});

test('one session makes one box, and takes back without a number used twice', async () => {
  const spelled = await begin();
  spelled.type('1');
  spelled.clear();
  spelled.type('1');
  const bytes = toHex(await spelled.end());
  assert.ok(bytes.includes('000000020100000011') && !bytes.includes('000000010100000011'));
  await assert.rejects(spelled.end(), /before/);
  assert.throws(() => spelled.type('2'), /no more/);
});

test('the same digit twice is two ciphers, and what is no character is not sealed', async () => {
  const spelled = await begin();
  spelled.type('5');
  spelled.type('5');
  assert.throws(() => spelled.type(''), /no character/);
  assert.throws(() => spelled.type('5'.repeat(17)), /no character/);
  const strokes = toHex(await spelled.end()).split('0100000011').slice(1, 3);
  assert.equal(strokes.length, 2);
  assert.notEqual(strokes[0]?.slice(0, 34), strokes[1]?.slice(0, 34));
  const other = await begin();
  for (let i = 0; i < 64; i++) other.press(i % 10);
  assert.throws(() => other.press(1), /no more/);
});
