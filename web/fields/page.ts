/** What the parts of the cashier page share: its language, its elements, and how it asks the house. */
import type { Language } from './protocol.ts';
import { WORDS } from './words.ts';

export const language: Language = navigator.language.startsWith('zh') ? 'zh' : 'en';

export function say(word: keyof typeof WORDS): string {
  return WORDS[word][language];
}

export function put<K extends keyof HTMLElementTagNameMap>(
  place: Element, tag: K, className: string, text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  place.append(element);
  return element;
}

interface Refusal {
  code?: string;
  message?: string;
}

/** What the house refuses, in its own words. */
export class Refused extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

async function ask<T>(target: string, more: RequestInit): Promise<T> {
  const answer = await fetch(target, { credentials: 'omit', cache: 'no-store', redirect: 'error', ...more });
  const said = (await answer.json()) as T & Refusal;
  if (answer.ok) return said;
  if (said.code === 'PAYER_DEVICE_NEEDED') throw new Refused(said.code, say('device'));
  throw new Refused(said.code ?? '', said.message ?? `HTTP ${answer.status}`);
}

export function get<T>(target: string): Promise<T> {
  return ask(target, { headers: { 'Accept-Language': language } });
}

export function post<T>(target: string, body: Record<string, string>): Promise<T> {
  return ask(target, { method: 'POST', body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', 'Accept-Language': language } });
}
