// The page shows exactly what runs: each `<!-- FILE -->` before a block names the file that it repeats.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const here = new URL('.', import.meta.url);
const page = readFileSync(new URL('../../docs/merchant-sdks.md', here), 'utf8');
const shown = [...page.matchAll(/<!-- tests\/interop\/(\w+\.mjs) -->\n```js\n([^]*?)```\n/g)];
assert.equal(shown.length, 3);
for (const [, file, text] of shown) assert.equal(text, readFileSync(new URL(file, here), 'utf8'), file);
