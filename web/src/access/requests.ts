/**
 * Requests that others must agree to (src/access/request.h). What is shown and signed is the exact
 * bytes: their SHA-256 is computed here, and a request that is not what it says is not signed.
 */
import { fromBase64, toBase64, toHex } from '../seal/bytes.ts';
import { approvalOfRequest } from './approval.ts';
import { operation } from './door.ts';
import type { Owner } from './secrets.ts';
import { signApproval, type SigningKey } from './signing_key.ts';

export interface AskedRequest {
  request: string;
  action: string;
  asker: string;
  state: string;
  needs: number;
  given: number;
  asked_us: number;
  expires_us: number;
  sha256: string;
}

export interface RequestDetail extends AskedRequest {
  given_by: { approver: string; reason: string; given_us: number }[];
  ended_by?: string;
  reason?: string;
  exact_base64: string;
  outcome?: string;
}

/** One line of what is asked: the field's name, and its value as text. */
export interface AskedField {
  field: string;
  value: string;
}

export interface ExactRequest {
  sha256: string;
  text: string;
  fields: AskedField[];
}

export class RequestDiffers extends Error {}

/** Letters that hide, or turn their neighbours round, are shown by their numbers. */
function visible(text: string): string {
  const hidden = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  return text.replace(hidden, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RequestDiffers();
  return typeof value === 'string' ? visible(value) : JSON.stringify(value);
}

/** Of hufud's requests: never one of vaultd's operations, whose names have no '.'. */
const PLAIN_REQUEST = /^[0-9a-z][0-9a-z._-]*$/i;
const ACTION_OF_HUFUD = /^[0-9a-z][0-9a-z_-]*\.[0-9a-z._-]*$/i;

/**
 * What is shown and signed, of the answer to request.show for `request`. The same key may sign for
 * vaultd, which believes signatures and not hufud: a captured hufud must not choose what is signed.
 * Throws RequestDiffers unless the answer is of that request, its action one of hufud's, and its
 * bytes have the digest and the operation that it names (programs/hufu/request_shown.h).
 */
export async function readExact(detail: RequestDetail, request: string): Promise<ExactRequest> {
  const isOurs = detail.request === request && PLAIN_REQUEST.test(request)
    && ACTION_OF_HUFUD.test(detail.action);
  if (!isOurs) throw new RequestDiffers();
  const bytes = fromBase64(detail.exact_base64);
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const asked = JSON.parse(text) as Record<string, unknown>;
  if (sha256 !== detail.sha256 || asked['operation'] !== detail.action) throw new RequestDiffers();
  const fields = Object.entries(asked)
    .filter(([field]) => field !== 'operation')
    .map(([field, value]) => ({ field, value: valueText(value) }));
  return { sha256, text, fields };
}

/** What waits first, and of it what expires first; `more`: there are others. */
export interface RequestList {
  requests: AskedRequest[];
  more: boolean;
}

export function requests(all: boolean): Promise<RequestList> {
  return operation<RequestList>('request.list', { all });
}

export function requestDetail(request: string): Promise<RequestDetail> {
  return operation<RequestDetail>('request.show', { request });
}

export async function signRequest(
  owner: Owner, key: SigningKey, request: string, detail: RequestDetail, reason: string,
): Promise<RequestDetail> {
  const { sha256 } = await readExact(detail, request);
  const wanted = approvalOfRequest(owner.name, detail.action, request, sha256, reason);
  const approval = toBase64(await signApproval(key, wanted));
  return operation<RequestDetail>('request.approve', { request, approval });
}

export async function refuseRequest(request: string, reason: string): Promise<void> {
  await operation('request.refuse', { request, reason });
}

export async function withdrawRequest(request: string, reason: string): Promise<void> {
  await operation('request.withdraw', { request, reason });
}
