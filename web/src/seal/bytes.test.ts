import assert from 'node:assert/strict';
import test from 'node:test';
import * as bytes from './bytes.ts';

test('encodings go round, and have their published forms', () => {
  const all = Uint8Array.from({ length: 256 }, (_, value) => value);
  assert.deepEqual(bytes.fromHex(bytes.toHex(all)), all);
  assert.deepEqual(bytes.fromBase64(bytes.toBase64(all)), all);
  assert.deepEqual(bytes.fromBase64Url(bytes.toBase64Url(all)), all);
  assert.ok(!/[+/=]/.test(bytes.toBase64Url(all)));
  assert.equal(bytes.toBase32(bytes.utf8('foobar')), 'MZXW6YTBOI'); // RFC 4648, section 10
  assert.deepEqual(bytes.fromPem(bytes.toPem('PUBLIC KEY', all)), all);
  assert.throws(() => bytes.fromHex('0'));
  assert.throws(() => bytes.fromHex('zz'));
});

test('numbers are big-endian and lengths stand before what they frame', () => {
  const made = new bytes.Writer().u8(1).u16(0x0203).u32(0x04050607).i64(-2n)
    .framed(bytes.utf8('ab')).bytes();
  assert.equal(bytes.toHex(made), '01020304050607fffffffffffffffe000000026162');
});
