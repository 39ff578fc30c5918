/** The house that the flow is driven against: its programs, its command line, its certificate. */
import { execFileSync } from 'node:child_process';
import { createHash, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';

/** Node 18 does not have it as a global. */
globalThis.crypto ??= webcrypto as Crypto;

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run tests/flow_web`);
  return value;
}

export const folder = setting('HUFU_DIRECTORY');
export const port = Number(setting('HUFU_PAGE_PORT'));
export const origin = `https://localhost:${port}`;
export const chromiumPath = setting('HUFU_CHROMIUM');

/** Run `hufu` as somebody; `approver` signs at once. Its output, whatever its exit status. */
export function hufu(who: string, approver: string | null, ...words: string[]): string {
  const environment: NodeJS.ProcessEnv = { ...process.env, HUFU_DIRECTORY: folder };
  delete environment['HUFU_APPROVE'];
  if (approver !== null) environment['HUFU_APPROVE'] = approver;
  const program = `${setting('HUFU_PROGRAMS')}/hufu`;
  try {
    return execFileSync(program, ['--as', who, ...words],
      { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (failure) {
    const { stdout, stderr } = failure as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

/** One member of what `hufu` said as JSON. */
export function member(said: string, name: string): string {
  const found = new RegExp(`"?${name}"?[:\\s]+"?([^"\\s,}]+)`).exec(said);
  if (found?.[1] === undefined) throw new Error(`no ${name} in: ${said}`);
  return found[1];
}

/** Base64 of SHA-256 over the key of the certificate that the house's own CA made for the door. */
export function leafKeyDigest(): Promise<string> {
  const ca = readFileSync(`${folder}/run/hufud/ca.pem`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca }, () => {
      const key = socket.getPeerX509Certificate()?.publicKey;
      socket.end();
      if (key === undefined) return reject(new Error('no certificate'));
      const spki = key.export({ type: 'spki', format: 'der' });
      resolve(createHash('sha256').update(spki).digest('base64'));
    });
    socket.on('error', reject);
  });
}
