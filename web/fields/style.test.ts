/** Goal: a page gives a field a look and nothing else, and a field takes what it is for (TP-19). Method:
 * what would hide it, move it, ask another server or hold more than a letter. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { KINDS, letters } from './kinds.ts';
import { allowedStyle } from './style.ts';

test('only the looks of the allow-list are taken', () => {
  const fine = { color: '#1f2329', 'font-size': '18px', 'font-family': 'Noto Sans, sans-serif' };
  assert.deepEqual(allowedStyle(fine), Object.entries(fine));
  const refused = { position: 'fixed', opacity: '0', display: 'none', background: 'red',
    'background-image': 'none', transform: 'none', '-webkit-text-security': 'none' };
  assert.deepEqual(allowedStyle(refused), []);
});

test('a value that is more than a value is not taken', () => {
  for (const color of ['url(//x.example)', 'red;position:fixed', 'var(--x)', 'a'.repeat(65), '', '\\75rl'])
    assert.deepEqual(allowedStyle({ color }), [], color);
});

test('each kind takes its own letters', () => {
  for (const name of ['pin', 'card', 'code'] as const) {
    assert.ok(KINDS[name].letter.test('7'));
    for (const letter of ['a', '７', '٣', '-', '77', '']) assert.ok(!KINDS[name].letter.test(letter));
  }
  assert.ok(KINDS.identity.letter.test('X') && !KINDS.identity.letter.test('é'));
  assert.ok(KINDS.name.letter.test('é') && KINDS.name.letter.test('虎') && !KINDS.name.letter.test('<'));
  assert.equal(letters('e\u0301虎x').length, 3); /* a letter with its accent is one keystroke */
});
