/** What each kind of field takes, and which data class it is (policy/classes.def). */
import type { FieldKind } from './protocol.ts';

export interface Kind {
  dataClass: number;
  least: number;
  most: number;
  letter: RegExp;
  numeric: boolean;
  pad: boolean;
}

const DIGIT = /^[0-9]$/;

export const KINDS: Record<FieldKind, Kind> = {
  pin: { dataClass: 101, least: 6, most: 6, letter: DIGIT, numeric: true, pad: true },
  card: { dataClass: 104, least: 12, most: 19, letter: DIGIT, numeric: true, pad: false },
  code: { dataClass: 115, least: 6, most: 8, letter: DIGIT, numeric: true, pad: false },
  identity: { dataClass: 109, least: 6, most: 20, letter: /^[0-9A-Za-z]$/, numeric: false, pad: false },
  name: { dataClass: 111, least: 1, most: 64, letter: /^[\p{L}\p{M}\p{Zs}·'.-]+$/u, numeric: false,
    pad: false },
  phone: { dataClass: 110, least: 6, most: 16, letter: /^[0-9+]$/, numeric: true, pad: false },
};

/** As people see them: a letter with its accents is one. */
export function letters(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
