/**
 * The console's door (docs/openapi.yaml): JSON, the session in a cookie that no script sees, and the
 * session's own value shown with every POST. Of other origins nothing is asked, ever.
 */
const PREFIX = '/console/v1/';
const CSRF_HEADER = 'Hufu-CSRF';
/** Only says that it is worth asking who is logged in; worth nothing to anybody else. */
const INSIDE = 'hufu-inside';

export class DoorRefused extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }

  get isOver(): boolean {
    return this.code === 'LOGIN_NEEDED';
  }

  get needsProof(): boolean {
    return this.code === 'PROOF_NEEDED';
  }
}

let csrf = '';
let language = 'zh-CN';

export function speak(tag: string): void {
  language = tag;
}

export function mayBeInside(): boolean {
  return localStorage.getItem(INSIDE) !== null;
}

export function setInside(inside: boolean): void {
  if (inside) localStorage.setItem(INSIDE, '1');
  else localStorage.removeItem(INSIDE);
  if (!inside) csrf = '';
}

async function refusalOf(answer: Response): Promise<DoorRefused> {
  const text = await answer.text();
  try {
    const said = JSON.parse(text) as { code?: unknown; message?: unknown };
    return new DoorRefused(answer.status, String(said.code), String(said.message));
  } catch {
    return new DoorRefused(answer.status, `HTTP_${answer.status}`, answer.statusText);
  }
}

async function call(path: string, init: RequestInit): Promise<unknown> {
  const answer = await fetch(PREFIX + path, {
    ...init,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
  });
  csrf = answer.headers.get(CSRF_HEADER) ?? csrf;
  if (!answer.ok) throw await refusalOf(answer);
  return answer.json();
}

export async function get<T>(path: string): Promise<T> {
  return (await call(path, { headers: { 'Accept-Language': language } })) as T;
}

export async function post<T>(path: string, body: object): Promise<T> {
  const headers = {
    'Content-Type': 'application/json',
    'Accept-Language': language,
    ...(csrf === '' ? {} : { [CSRF_HEADER]: csrf }),
  };
  return (await call(path, { method: 'POST', headers, body: JSON.stringify(body) })) as T;
}

/** One of the operations that the command line has, too. */
export function operation<T>(name: string, fields: object): Promise<T> {
  return post<T>(name, { operation: name, ...fields });
}
