// The pages show exactly what runs: each `<!-- FILE -->` before a block names the file that it repeats.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const here = new URL('.', import.meta.url);
const blocks = /<!-- tests\/interop\/(\w+\.mjs) -->\n```js\n([^]*?)```\n/g;
for (const [page, count] of [['merchant-sdks.md', 3], ['signing-profiles.md', 2]]) {
  const shown = [...readFileSync(new URL(`../../docs/${page}`, here), 'utf8').matchAll(blocks)];
  assert.equal(shown.length, count);
  for (const [, file, text] of shown) assert.equal(text, readFileSync(new URL(file, here), 'utf8'), file);
}
