/** Passkeys (WebAuthn): what the door asks for, what the authenticator answers (access/passkey.h). */
import { type Bytes, fromBase64Url, toBase64Url } from '../seal/bytes.ts';
import { get, post } from './door.ts';

interface AssertionOptions {
  challenge: string;
  rp_id: string;
  timeout_ms: number;
}

interface RegistrationOptions extends AssertionOptions {
  rp_name: string;
  user_id: string;
  user_name: string;
  algorithms: number[];
  exclude: string[];
}

export interface Passkey {
  passkey: string;
  algorithm: string;
  added_us: number;
  may_be_copied: boolean;
}

function bytesOf(buffer: ArrayBuffer): Bytes {
  return new Uint8Array(buffer);
}

export function passkeysWork(): boolean {
  return 'PublicKeyCredential' in window;
}

async function assertion(path: string): Promise<object> {
  const options = await get<AssertionOptions>(path);
  const credential = (await navigator.credentials.get({
    publicKey: {
      challenge: fromBase64Url(options.challenge),
      rpId: options.rp_id,
      timeout: options.timeout_ms,
      userVerification: 'required',
    },
  })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    id: toBase64Url(bytesOf(credential.rawId)),
    client_data: toBase64Url(bytesOf(response.clientDataJSON)),
    authenticator_data: toBase64Url(bytesOf(response.authenticatorData)),
    signature: toBase64Url(bytesOf(response.signature)),
  };
}

export async function passkeyLogin(): Promise<void> {
  await post('passkey/login', await assertion('passkey/login'));
}

/** The fresh proof that sensitive actions ask for. */
export async function passkeyProve(): Promise<void> {
  await post('passkey/proof', await assertion('passkey/proof'));
}

export async function passkeyAdd(): Promise<void> {
  const options = await get<RegistrationOptions>('passkey/registration');
  const credential = (await navigator.credentials.create({
    publicKey: {
      challenge: fromBase64Url(options.challenge),
      rp: { id: options.rp_id, name: options.rp_name },
      user: {
        id: fromBase64Url(options.user_id),
        name: options.user_name,
        displayName: options.user_name,
      },
      pubKeyCredParams: options.algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: options.exclude.map((id) => ({
        type: 'public-key',
        id: fromBase64Url(id),
      })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      timeout: options.timeout_ms,
    },
  })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  await post('passkey/registration', {
    client_data: toBase64Url(bytesOf(response.clientDataJSON)),
    attestation: toBase64Url(bytesOf(response.attestationObject)),
  });
}

export async function passkeys(): Promise<Passkey[]> {
  return (await get<{ passkeys: Passkey[] }>('passkeys')).passkeys;
}

export async function passkeyRemove(name: string): Promise<void> {
  await post('passkeys/remove', { passkey: name });
}
