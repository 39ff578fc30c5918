/**
 * What an approver signs (src/ipc/vault_wire.h, WireApproval): the same bytes whoever is asked,
 * vaultd or hufud, and whoever signs, a file, a token or this browser's key.
 */
import { type Bytes, utf8, Writer } from '../seal/bytes.ts';

/** WireSignatureEncoding: r | s, as WebCrypto makes it. */
const SIGNATURE_RAW = 1;
export const APPROVAL_NONCE_BYTES = 16;
/** Twelve hours, as the command line gives them. */
const APPROVAL_LIFE_US = 12n * 3600n * 1_000_000n;

export interface Approval {
  name: string;
  operation: string;
  subject: string;
  reason: string;
  expiresUs: bigint;
  nonce: Bytes;
}

/** The exact bytes that are signed. */
export function approvalMessage(approval: Approval): Bytes {
  return new Writer()
    .framed(utf8('hufu-approval'))
    .framed(utf8(approval.operation))
    .framed(utf8(approval.subject))
    .framed(utf8(approval.reason))
    .i64(approval.expiresUs)
    .framed(approval.nonce)
    .bytes();
}

/** The approval with its signature, for `request.approve`. */
export function approvalWire(approval: Approval, signature: Bytes): Bytes {
  return new Writer()
    .framed(utf8(approval.name))
    .framed(utf8(approval.operation))
    .framed(utf8(approval.subject))
    .framed(utf8(approval.reason))
    .i64(approval.expiresUs)
    .framed(approval.nonce)
    .framed(signature)
    .u8(SIGNATURE_RAW)
    .bytes();
}

/** Of one request in hufud: its action, and its id with the SHA-256 of its exact bytes. */
export function approvalOfRequest(
  name: string, action: string, request: string, sha256: string, reason: string,
): Approval {
  return {
    name,
    operation: action,
    subject: `${request}/${sha256}`,
    reason,
    expiresUs: BigInt(Date.now()) * 1000n + APPROVAL_LIFE_US,
    nonce: crypto.getRandomValues(new Uint8Array(APPROVAL_NONCE_BYTES)),
  };
}
