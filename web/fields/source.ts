/** What a field asks the house for: by itself, so that no page in between can say otherwise. */
import { boxRecipient, type BoxKeyAnswer, BoxKeyRefused } from '../src/seal/box_key.ts';
import { type BoxContext, PURPOSE } from '../src/seal/box.ts';
import { type Bytes, fromHex } from '../src/seal/bytes.ts';
import { SpelledBox } from '../src/seal/spelled.ts';
import { KINDS } from './kinds.ts';
import type { FieldKind, Opening } from './protocol.ts';

/** keys/keys.h: KEYS_SPELLED_LIFE_US, and some for a clock that is not ours. */
export const SESSION_LIFE_MS = 4 * 60 * 1000;
const NONCE_BYTES = 16;

interface OrderAnswer {
  mchid: string;
  out_trade_no: string;
  nonce: string;
  amount: { total: number; currency: string };
}

async function get(path: string): Promise<Response> {
  const answer = await fetch(path, { credentials: 'omit', cache: 'no-store', redirect: 'error' });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer;
}

/** The platform key that these pages' folder names; empty: whoever serves them is believed. */
async function platformPin(): Promise<string | null> {
  const text = await (await get('/cashier/platform.pem')).text();
  return text.trim() === '' ? null : text;
}

/** A PIN for one card pays from no other, nor from the balance (api/payer_card_order.c). */
async function nonceOf(order: Bytes, cardId: string | undefined): Promise<Bytes> {
  if (cardId === undefined) return order;
  const card = new TextEncoder().encode(cardId);
  const both = new Uint8Array(order.length + card.length);
  both.set(order);
  both.set(card, order.length);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', both)).slice(0, NONCE_BYTES);
}

async function contextOf(opening: Opening): Promise<BoxContext> {
  const dataClass = KINDS[opening.field].dataClass;
  const expiryUs = BigInt(Date.now() + SESSION_LIFE_MS) * 1000n;
  if (opening.field === 'pin' && opening.prepayId !== undefined) {
    const id = encodeURIComponent(opening.prepayId ?? '');
    const order = (await (await get(`/payer/v1/orders/${id}`)).json()) as OrderAnswer;
    const serverNonce = await nonceOf(fromHex(order.nonce), opening.cardId);
    return { dataClass, expiryUs, purpose: PURPOSE.pay, amount: BigInt(order.amount.total),
      currency: order.amount.currency, serverNonce, tenant: order.mchid,
      order: order.out_trade_no, payee: order.mchid };
  }
  const { tenant = '', order = '', payee = '', nonce } = opening.subject ?? {};
  const serverNonce = nonce === undefined
    ? crypto.getRandomValues(new Uint8Array(NONCE_BYTES)) : fromHex(nonce);
  if (serverNonce.length !== NONCE_BYTES) throw new Error('not a nonce');
  const purposes: Partial<Record<FieldKind, number>> = { code: PURPOSE.code, pin: PURPOSE.cards };
  const purpose = purposes[opening.field] ?? PURPOSE.field;
  return { dataClass, expiryUs, purpose, amount: 0n, currency: '', serverNonce, tenant, order, payee };
}

export interface Session {
  box: SpelledBox;
  keyId: number;
  endsMs: number;
}

export async function openSession(opening: Opening): Promise<Session> {
  const endsMs = Date.now() + SESSION_LIFE_MS;
  const [key, pin, context] = await Promise.all([
    get('/payer/v1/box-key').then((answer) => answer.json() as Promise<BoxKeyAnswer>),
    platformPin(), contextOf(opening)]);
  const recipient = await boxRecipient(key, pin);
  return { box: await SpelledBox.begin(recipient, context), keyId: recipient.keyId, endsMs };
}

export function isKeyProblem(why: unknown): boolean {
  return why instanceof BoxKeyRefused;
}
