import assert from 'node:assert/strict';
import test from 'node:test';
import '../../tests/vectors.ts';
import { utf8 } from '../seal/bytes.ts';
import { totpCode, totpMatches, totpStep, totpUri } from './totp.ts';

const secret = utf8('12345678901234567890');

test('codes are those of RFC 6238, appendix B', async () => {
  for (const [seconds, code] of [[59, '287082'], [1111111109, '081804'], [20000000000, '353130']] as
    [number, string][])
    assert.equal(await totpCode(secret, totpStep(seconds * 1000)), code);
});

test('one step away is near enough, two are not', async () => {
  assert.ok(await totpMatches(secret, '287082', 59_000 + 30_000));
  assert.ok(!(await totpMatches(secret, '287082', 59_000 + 61_000)));
  assert.ok(totpUri('Hufu', 'dora', secret).includes('secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'));
});
