/** The shuffled keypad: a picture of the house's, over which lie keys that know their place alone. */
import { toHex } from '../src/seal/bytes.ts';
import type { Language } from './protocol.ts';
import type { Session } from './source.ts';
import { WORDS } from './words.ts';

const PLACES = 10;

export interface PadActions {
  press(place: number): void;
  back(): void;
}

function key(className: string, text: string, act: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = className;
  button.tabIndex = -1; /* the way without eyes is the input itself */
  button.textContent = text;
  button.addEventListener('mousedown', (event) => event.preventDefault()); /* the focus stays */
  button.addEventListener('click', act);
  return button;
}

export class Pad {
  readonly element = document.createElement('div');
  private readonly picture = document.createElement('img');

  constructor(language: Language, actions: PadActions) {
    this.element.className = 'pad';
    this.element.setAttribute('aria-hidden', 'true');
    this.picture.alt = '';
    this.element.append(this.picture);
    for (let place = 0; place < PLACES; place++)
      this.element.append(key(`key place${place}`, '', () => actions.press(place)));
    this.element.append(key('key back', WORDS.back[language], () => actions.back()));
  }

  show({ keyId, box }: Session): void {
    this.picture.src = `/payer/v1/pads/${keyId}-${toHex(box.point)}`;
  }
}
