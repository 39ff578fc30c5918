/** What a page and a protected field say to each other: never a value, only its length and its box. */

export const FIELD_KINDS = ['pin', 'card', 'code', 'identity', 'name', 'phone'] as const;
export type FieldKind = (typeof FIELD_KINDS)[number];
export type Language = 'zh' | 'en';

/** For whom a value that pays nothing is sealed (policy/purposes.h: field, code; of a PIN: cards). */
export interface Subject {
  tenant: string;
  /** the service's reference */
  order: string;
  payee: string;
  /** 32 hexadecimal digits that the service gave; without them the field draws its own */
  nonce?: string;
}

export interface Opening {
  kind: 'open';
  field: FieldKind;
  language: Language;
  /** of the order that a PIN pays */
  prepayId?: string;
  /** the bound card that it pays from; without it, from the balance */
  cardId?: string;
  subject?: Subject;
  /** properties of the input that the allow-list knows (style.ts) */
  style?: Record<string, string>;
}

export type ToField = Opening | { kind: 'seal' } | { kind: 'clear' };

export type FromField =
  | { kind: 'state'; length: number; complete: boolean; height: number }
  | { kind: 'box'; box: string }
  | { kind: 'problem'; problem: string };

/** The only thing that is posted to a window; all else goes through the port that comes with it. */
export const READY = 'hufu-field-ready';
