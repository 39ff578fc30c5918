/** Known bytes that a C test checks too: the #defines of a header in src/. */
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';

/** Node 18 does not have it as a global. */
globalThis.crypto ??= webcrypto as Crypto;

export function vectors(header: string): (name: string) => string {
  const text = readFileSync(new URL(`../../../src/${header}`, import.meta.url), 'utf8');
  return (name) => {
    const found = new RegExp(`#define ${name}\\s+((?:\\\\\\s*)?"[^#]*")`).exec(text);
    if (found?.[1] === undefined) throw new Error(`${header} has no ${name}`);
    return [...found[1].matchAll(/"([^"]*)"/g)].map((piece) => piece[1]).join('');
  };
}
