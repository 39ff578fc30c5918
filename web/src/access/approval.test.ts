/** Goal: what is signed here is what hufud and vaultd verify. Method: known bytes of
 * src/access/request_test.c. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { vectors } from '../../tests/vectors.ts';
import { fromHex, toHex } from '../seal/bytes.ts';
import { approvalMessage, approvalOfRequest, approvalWire } from './approval.ts';

const vector = vectors('access/approval_vector.h');
const approval = {
  name: vector('APPROVAL_VECTOR_NAME'),
  operation: vector('APPROVAL_VECTOR_OPERATION'),
  subject: vector('APPROVAL_VECTOR_SUBJECT'),
  reason: vector('APPROVAL_VECTOR_REASON'),
  expiresUs: 1790000000123456n,
  nonce: fromHex(vector('APPROVAL_VECTOR_NONCE')),
};

test('the signed bytes and the approval are those of C', () => {
  assert.equal(toHex(approvalMessage(approval)), vector('APPROVAL_VECTOR_MESSAGE'));
  const signature = fromHex(vector('APPROVAL_VECTOR_SIGNATURE'));
  assert.equal(toHex(approvalWire(approval, signature)), vector('APPROVAL_VECTOR_WIRE'));
});

test('no byte moves from one part to its neighbour', () => {
  const one = approvalMessage({ ...approval, subject: 'ab', reason: 'c' });
  const other = approvalMessage({ ...approval, subject: 'a', reason: 'bc' });
  assert.notEqual(toHex(one), toHex(other));
});

test('each approval has a nonce of its own and an end', () => {
  const one = approvalOfRequest('mei', 'caller.add', '00', 'ff', 'why');
  const other = approvalOfRequest('mei', 'caller.add', '00', 'ff', 'why');
  assert.equal(one.subject, '00/ff');
  assert.notEqual(toHex(one.nonce), toHex(other.nonce));
  assert.ok(one.expiresUs > BigInt(Date.now()) * 1000n);
});
