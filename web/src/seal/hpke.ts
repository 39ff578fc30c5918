/**
 * HPKE base mode (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, of which a sealed
 * box is sequence number 0. The other side is src/crypto/hpke.c.
 */
import { type Bytes, concat, utf8 } from './bytes.ts';

const KEM_ID = 0x0010;
const KDF_ID = 0x0001;
const AEAD_ID = 0x0002;
const HASH_BYTES = 32;

export interface HpkeKeys {
  key: Bytes;
  nonce: Bytes;
}

export interface Encapsulated {
  point: Bytes;
  secret: Bytes;
}

function number16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}

const KEM_SUITE = concat(utf8('KEM'), number16(KEM_ID));
const HPKE_SUITE = concat(utf8('HPKE'), number16(KEM_ID), number16(KDF_ID), number16(AEAD_ID));

async function hmac(key: Bytes, message: Bytes): Promise<Bytes> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message));
}

/** An empty salt is a block of zeros (RFC 5869); WebCrypto takes no empty key. */
function extract(suite: Bytes, salt: Bytes, label: string, material: Bytes): Promise<Bytes> {
  const key = salt.length > 0 ? salt : new Uint8Array(HASH_BYTES);
  return hmac(key, concat(utf8('HPKE-v1'), suite, utf8(label), material));
}

/** At most one block: nothing here is longer than a hash. */
async function expand(
  suite: Bytes, key: Bytes, label: string, info: Bytes, size: number,
): Promise<Bytes> {
  const labelled = concat(number16(size), utf8('HPKE-v1'), suite, utf8(label), info);
  const block = await hmac(key, concat(labelled, Uint8Array.of(1)));
  return block.slice(0, size);
}

/** Encap of section 4.1 with the ephemeral pair given; `recipient` is 04 || x || y. */
export async function encapsulate(
  recipient: Bytes, ephemeral: CryptoKeyPair,
): Promise<Encapsulated> {
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const key = await crypto.subtle.importKey('raw', recipient, curve, true, []);
  const exchange = { name: 'ECDH', public: key };
  const shared = new Uint8Array(
    await crypto.subtle.deriveBits(exchange, ephemeral.privateKey, 8 * HASH_BYTES),
  );
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', ephemeral.publicKey));
  const extracted = await extract(KEM_SUITE, new Uint8Array(0), 'eae_prk', shared);
  const context = concat(point, recipient);
  const secret = await expand(KEM_SUITE, extracted, 'shared_secret', context, HASH_BYTES);
  return { point, secret };
}

/** KeySchedule of mode_base: section 5.1. */
export async function schedule(shared: Bytes, info: Bytes): Promise<HpkeKeys> {
  const empty = new Uint8Array(0);
  const pskIdHash = await extract(HPKE_SUITE, empty, 'psk_id_hash', empty);
  const infoHash = await extract(HPKE_SUITE, empty, 'info_hash', info);
  const context = concat(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = await extract(HPKE_SUITE, shared, 'secret', empty);
  return {
    key: await expand(HPKE_SUITE, secret, 'key', context, 32),
    nonce: await expand(HPKE_SUITE, secret, 'base_nonce', context, 12),
  };
}

export function freshPair(): Promise<CryptoKeyPair> {
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  return crypto.subtle.generateKey(curve, false, ['deriveBits']);
}
