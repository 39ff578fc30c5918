/** Whether a text is anywhere in what a browser keeps for a page: documents, script heaps, storage,
 * workers, requests. A search that could find nothing is no search: each heap holds a canary. */
import assert from 'node:assert/strict';
import type { CDPSession, Frame, Page } from 'playwright-core';
import { sent } from './browser.ts';

const CANARY = 'heapcanary';

async function snapshot(session: CDPSession): Promise<string[]> {
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  return (JSON.parse(chunks.join('')) as { strings: string[] }).strings;
}

/** A frame without an origin has a process, and a heap, of its own. */
async function heapOf(page: Page, frame: Frame): Promise<string[]> {
  await frame.evaluate(() => {
    (window as unknown as { canary: string }).canary = ['hea', 'pca', 'nary'].join('');
  });
  const strings = await snapshot(await page.context().newCDPSession(frame));
  assert.ok(strings.some((text) => text.includes(CANARY)), 'the snapshot is not of this heap');
  return strings;
}

async function documentOf(frame: Frame): Promise<string> {
  return frame.evaluate(() => {
    const values = Array.from(document.querySelectorAll('input'), (input) => input.value);
    return document.documentElement.outerHTML + document.body.innerText + values.join('\n');
  });
}

/** Of everything that left any page so far, boxes opened as far as base64 goes. */
function requests(): string[] {
  return sent.flatMap((request) => {
    const body = request.postData() ?? '';
    const boxes = [...body.matchAll(/"\w*box":"([^"]+)"/g)].map((found) =>
      Buffer.from(found[1] ?? '', 'base64').toString('latin1'));
    return [request.url(), JSON.stringify(request.headers()), body, ...boxes];
  });
}

export async function holdsNowhere(page: Page, ...texts: string[]): Promise<void> {
  assert.ok(page.frames().length >= 2);
  for (const frame of page.frames()) {
    const document = await documentOf(frame);
    const strings = await heapOf(page, frame);
    for (const text of texts) {
      assert.ok(!document.includes(text), 'in a document');
      assert.ok(!strings.some((string) => string.includes(text)), 'in a heap');
    }
  }
  assert.equal(page.workers().length, 0);
  assert.equal(page.context().serviceWorkers().length, 0);
  const kept = await page.context().storageState();
  assert.deepEqual([kept.cookies, kept.origins], [[], []]);
  const parts = requests();
  for (const text of texts)
    assert.ok(!parts.some((part) => part.includes(text)), 'in a request');
}
