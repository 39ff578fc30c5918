/**
 * The key of the day that boxes are made for (src/sdk/box_key.h). Where the page has a platform key
 * pinned, a box key that this key (or the one before it) did not sign is not used.
 */
import { type Bytes, fromBase64, fromPem, utf8, Writer } from './bytes.ts';
import { type BoxRecipient, SUITE_P256 } from './box.ts';

/** As GET /console/v1/login/challenge tells it. */
export interface BoxKeyAnswer {
  key_id: number;
  suite: number;
  expires_us: number;
  public_key: string;
  signature: string;
  signature_before: string;
}

export type BoxKeyProblem = 'suite' | 'signature';

export class BoxKeyRefused extends Error {
  constructor(readonly problem: BoxKeyProblem) {
    super(`the box key is refused: ${problem}`);
  }
}

function signedBytes(answer: BoxKeyAnswer, point: Bytes): Bytes {
  return new Writer()
    .put(utf8('hufu-box-key'))
    .u32(answer.key_id)
    .u8(answer.suite)
    .i64(BigInt(answer.expires_us))
    .put(point)
    .bytes();
}

async function verifies(platform: CryptoKey, message: Bytes, signature: string): Promise<boolean> {
  if (signature === '') return false;
  return crypto.subtle.verify('RSASSA-PKCS1-v1_5', platform, fromBase64(signature), message);
}

/** `platformPem` null: no key is pinned here, and whoever serves this page is believed. */
export async function boxRecipient(
  answer: BoxKeyAnswer, platformPem: string | null,
): Promise<BoxRecipient> {
  if (answer.suite !== SUITE_P256) throw new BoxKeyRefused('suite');
  const point = fromBase64(answer.public_key);
  if (platformPem !== null) {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const spki = fromPem(platformPem);
    const platform = await crypto.subtle.importKey('spki', spki, algorithm, false, ['verify']);
    const message = signedBytes(answer, point);
    const right =
      (await verifies(platform, message, answer.signature)) ||
      (await verifies(platform, message, answer.signature_before));
    if (!right) throw new BoxKeyRefused('signature');
  }
  return { keyId: answer.key_id, point };
}
