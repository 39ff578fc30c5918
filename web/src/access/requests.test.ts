/** Goal: nobody signs what he was not shown. Method: details whose parts do not belong together. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import '../../tests/vectors.ts';
import { readExact, type RequestDetail, RequestDiffers } from './requests.ts';

const REQUEST = '0123456789abcdef';
const exact = '{"operation":"caller.add","name":"shop","may":["protect","lookup"],"days":3}';

function detailOf(text: string): RequestDetail {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const exact_base64 = Buffer.from(text).toString('base64');
  return { request: REQUEST, action: 'caller.add', asker: 'alice', state: 'waiting', needs: 1,
    given: 0, asked_us: 0, expires_us: 1, sha256, given_by: [], exact_base64 };
}

test('every field of the exact bytes is shown', async () => {
  const { fields, sha256, text } = await readExact(detailOf(exact), REQUEST);
  assert.equal(sha256, detailOf(exact).sha256);
  assert.equal(text, exact);
  assert.deepEqual(fields, [{ field: 'name', value: 'shop' },
    { field: 'may', value: 'protect, lookup' }, { field: 'days', value: '3' }]);
});

test('other bytes, or another action than the list said, are not signed', async () => {
  const other = detailOf(exact.replace('shop', 'evil'));
  await assert.rejects(
    readExact({ ...detailOf(exact), exact_base64: other.exact_base64 }, REQUEST), RequestDiffers);
  await assert.rejects(readExact({ ...detailOf(exact), action: 'access.join' }, REQUEST),
    RequestDiffers);
  await assert.rejects(readExact(detailOf('not JSON'), REQUEST));
});

test('an answer about another request is not signed', async () => {
  await assert.rejects(readExact(detailOf(exact), 'fedcba9876543210'), RequestDiffers);
  const strange = `${REQUEST}/00`;
  await assert.rejects(readExact({ ...detailOf(exact), request: strange }, strange), RequestDiffers);
});

test('nothing is signed that vaultd would believe', async () => {
  for (const action of ['recover', 'rotate', '.recover', '', 'a b.c']) {
    const detail = { ...detailOf(JSON.stringify({ operation: action })), action };
    await assert.rejects(readExact(detail, REQUEST), RequestDiffers, action);
  }
});

test('what cannot be shown as it is is shown by its number, or not signed at all', async () => {
  const { fields } = await readExact(
    detailOf('{"operation":"caller.add","name":"a\u202Eb\\u0000\\nc"}'), REQUEST);
  assert.deepEqual(fields, [{ field: 'name', value: 'a\\u202eb\\u0000\nc' }]);
  const large = detailOf('{"operation":"caller.add","amount":9007199254740993}');
  await assert.rejects(readExact(large, REQUEST), RequestDiffers);
});
