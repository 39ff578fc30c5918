/**
 * Spelled boxes (src/crypto/box.h, version 2): every keystroke is sealed when it comes, with a key
 * whose bytes nobody can read any more, so that the whole value is never anywhere in this page.
 */
import { type BoxContext, type BoxRecipient, boxKeys, contextBytes, header } from './box.ts';
import { type Bytes, utf8, Writer } from './bytes.ts';
import { freshPair } from './hpke.ts';

const SPELLED_VERSION = 2;
const STROKE_TEXT = 1;
const STROKE_PAD = 2;
const STROKES_MAX = 64;
const STROKE_BYTES_MAX = 16;

interface Stroke {
  number: number;
  kind: number;
  sealed: Promise<Bytes>;
}

export class SpelledBox {
  private strokes: Stroke[] = [];
  private last = 0;
  private over = false;

  private constructor(
    private readonly keyId: number,
    private readonly context: Bytes,
    private readonly key: CryptoKey,
    private readonly nonce: Bytes,
    /** Of this session; the pad's layout belongs to it. */
    readonly point: Bytes,
  ) {}

  /** `ephemeral` is for tests of known bytes; everybody else leaves it to us. */
  static async begin(
    recipient: BoxRecipient, context: BoxContext, ephemeral?: CryptoKeyPair,
  ): Promise<SpelledBox> {
    const keys = await boxKeys(SPELLED_VERSION, recipient, ephemeral ?? (await freshPair()));
    const aad = contextBytes(context);
    return new SpelledBox(recipient.keyId, aad, keys.key, keys.nonce, keys.point);
  }

  get length(): number {
    return this.strokes.length;
  }

  private async message(number: number, additionalData: Bytes, plain: Bytes): Promise<Bytes> {
    const iv = this.nonce.slice();
    const view = new DataView(iv.buffer);
    view.setUint32(iv.length - 4, view.getUint32(iv.length - 4) ^ number);
    const cipher = { name: 'AES-GCM', iv, additionalData, tagLength: 128 };
    return new Uint8Array(await crypto.subtle.encrypt(cipher, this.key, plain));
  }

  /** Takes `plain` and wipes it. No number is ever used twice, whatever is taken back. */
  private add(kind: number, plain: Bytes): void {
    if (this.over || this.strokes.length === STROKES_MAX) throw new Error('no more fits');
    this.last += 1;
    const aad = new Writer().put(utf8('stroke')).u8(kind).bytes();
    const sealed = this.message(this.last, aad, plain);
    plain.fill(0); /* WebCrypto has made its own copy of it */
    this.strokes.push({ number: this.last, kind, sealed });
  }

  /** One character, as it is written. */
  type(letter: string): void {
    const bytes = utf8(letter);
    if (bytes.length === 0 || bytes.length > STROKE_BYTES_MAX) throw new Error('no character');
    this.add(STROKE_TEXT, bytes);
  }

  /** A place on the pad. */
  press(place: number): void {
    this.add(STROKE_PAD, Uint8Array.of(place));
  }

  takeBack(): void {
    this.strokes.pop();
  }

  clear(): void {
    this.strokes = [];
  }

  /** The box; nothing can be added or made again after it. */
  async end(): Promise<Bytes> {
    if (this.over) throw new Error('this box was made before');
    this.over = true;
    const all = new Writer();
    for (const { number, kind, sealed } of this.strokes)
      all.u32(number).u8(kind).framed(await sealed);
    const strokes = all.bytes();
    const nothing = new Uint8Array(0);
    const opening = await this.message(0, this.context, nothing);
    const aad = new Writer().put(utf8('end')).put(strokes).bytes();
    const end = new Writer().u32(this.last + 1).put(await this.message(this.last + 1, aad, nothing));
    return header(SPELLED_VERSION, this.keyId).framed(this.point).framed(this.context)
      .framed(opening).framed(strokes).framed(end.bytes()).bytes();
  }
}
