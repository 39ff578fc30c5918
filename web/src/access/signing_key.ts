/**
 * The approver's own key in this browser: P-256, made by WebCrypto so that no script, ours neither,
 * can read its private half; kept in IndexedDB, which is this origin's alone. Others enrol its
 * public half (`hufu access join|move --key`).
 */
import { type Bytes, toHex, toPem } from '../seal/bytes.ts';
import { type Approval, approvalMessage, approvalWire } from './approval.ts';
import type { Owner } from './secrets.ts';

const DATABASE = 'hufu';
const STORE = 'signing-keys';
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };

export interface SigningKey {
  pair: CryptoKeyPair;
  /** SubjectPublicKeyInfo */
  spki: Bytes;
  madeMs: number;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  return database.transaction(STORE, mode).objectStore(STORE);
}

function slot(owner: Owner): string {
  return `${owner.tenant}/${owner.name}`;
}

export async function signingKey(owner: Owner): Promise<SigningKey | undefined> {
  return done<SigningKey | undefined>((await store('readonly')).get(slot(owner)));
}

/** Replaces nothing: a key that is there is removed first, by its owner's own word. */
export async function makeSigningKey(owner: Owner): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const key = { pair, spki, madeMs: Date.now() };
  await done((await store('readwrite')).add(key, slot(owner)));
  return key;
}

export async function removeSigningKey(owner: Owner): Promise<void> {
  await done((await store('readwrite')).delete(slot(owner)));
}

export function publicPem(key: SigningKey): string {
  return toPem('PUBLIC KEY', key.spki);
}

/** As `hufu` shows fingerprints: the first eight bytes of SHA-256 over the SPKI. */
export async function fingerprint(key: SigningKey): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', key.spki));
  return toHex(digest.slice(0, 8));
}

export async function signApproval(key: SigningKey, approval: Approval): Promise<Bytes> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const message = approvalMessage(approval);
  const signature = await crypto.subtle.sign(algorithm, key.pair.privateKey, message);
  return approvalWire(approval, new Uint8Array(signature));
}
