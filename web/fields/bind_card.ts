/**
 * Bind a card of the payer's own: name, identity number, card and phone, each in a protected field,
 * with his PIN; then the code that his bank sends him, in another (TP-4, TP-8). The page handles
 * boxes and what the house shows of the card: its last four digits.
 */
import { ProtectedField } from './frame.ts';
import { get, language, post, put, Refused, say } from './page.ts';
import type { FieldKind, Subject } from './protocol.ts';
import type { WORDS } from './words.ts';

const ASK_AGAIN_MS = 1000;
const ASKED_MOST = 20;

interface Challenge {
  nonce: string;
  card_id: string;
}

export interface Card {
  card_id: string;
  card_state: 'SENT' | 'WAITING' | 'TRYING' | 'LIVE' | 'OVER';
  card_mask?: string;
}

/** Which box of the request each field makes. */
const BOXES = { name: 'name_box', identity: 'identity_number_box', card: 'card_number_box',
  phone: 'phone_box', pin: 'pin_box' } as const;

/** Fields under one button, which is enabled when all of them are complete. */
class Fields {
  private readonly fields = new Map<FieldKind, ProtectedField>();
  private readonly complete = new Set<FieldKind>();
  private readonly problem: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly form: HTMLFormElement;

  constructor(place: Element, kinds: readonly FieldKind[], subject: Subject,
    private readonly word: keyof typeof WORDS, private readonly send: () => Promise<void>) {
    this.form = put(place, 'form', 'form');
    for (const kind of kinds) this.mount(kind, subject);
    put(this.form, 'p', 'safe', say('safeAll'));
    this.problem = put(this.form, 'p', 'problem');
    this.problem.setAttribute('role', 'alert');
    this.button = put(this.form, 'button', 'pay', say(word));
    this.button.disabled = true;
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  private mount(kind: FieldKind, subject: Subject): void {
    const field = new ProtectedField(this.form, { house: location.origin, field: kind, language,
      subject: kind === 'pin' ? { ...subject, tenant: '' } : subject,
      onState: ({ complete }) => {
        if (complete) this.complete.add(kind);
        else this.complete.delete(kind);
        this.button.disabled = this.complete.size < this.fields.size;
      },
      onProblem: (problem) => this.refuse(say(problem === 'key' ? 'key' : 'unsafe')) });
    field.frame.title = say('safeAll');
    field.frame.dataset['kind'] = kind;
    this.fields.set(kind, field);
  }

  async seal(kind: FieldKind): Promise<string> {
    return (await this.fields.get(kind)?.seal()) ?? '';
  }

  refuse(why: string): void {
    this.problem.textContent = why;
  }

  private async submit(): Promise<void> {
    this.button.disabled = true;
    this.button.textContent = say('asking');
    this.refuse('');
    try {
      await this.send();
    } catch (why) {
      this.refuse((why as Error).message);
      this.button.textContent = say(this.word);
    }
  }
}

export class CardBinding {
  private readonly box: HTMLElement;
  private readonly cancel: HTMLButtonElement;

  /** `back`: to where he came from, with the card that is bound now. */
  constructor(place: HTMLElement, private readonly payer: string,
    private readonly back: (card?: Card) => void) {
    put(place, 'h1', 'title', say('bindCard'));
    this.box = put(place, 'div', 'step');
    this.cancel = put(place, 'button', 'other', say('backToOrder'));
    this.cancel.type = 'button';
    this.cancel.addEventListener('click', () => back());
    void this.begin('');
  }

  /** Another challenge, and so another card's id and fields that are empty. */
  private async begin(why: string): Promise<void> {
    const { nonce, card_id: id } = await get<Challenge>('/payer/v1/challenge');
    const subject = { tenant: 'hufu', order: id, payee: this.payer, nonce };
    const kinds = ['name', 'identity', 'card', 'phone', 'pin'] as const;
    this.box.replaceChildren();
    put(this.box, 'p', 'next', say('ownCard'));
    const fields: Fields = new Fields(this.box, kinds, subject, 'nextStep', async () => {
      const body: Record<string, string> = { payer_id: this.payer };
      for (const kind of kinds) body[BOXES[kind]] = await fields.seal(kind);
      try {
        await this.went(await post<Card>('/payer/v1/cards', body));
      } catch (refusal) {
        await this.begin((refusal as Error).message);
      }
    });
    fields.refuse(why);
  }

  /** No answer is no outcome: the code is asked for when the bank has said that it was sent. */
  private async went(card: Card): Promise<void> {
    if (card.card_state === 'LIVE') this.bound(card);
    else await this.askCode(card, '', 0);
  }

  private async askCode(card: Card, why: string, asked: number): Promise<void> {
    const { nonce } = await get<Challenge>('/payer/v1/challenge');
    const subject = { tenant: 'hufu', order: card.card_id, payee: this.payer, nonce };
    this.box.replaceChildren();
    put(this.box, 'p', 'card', card.card_mask ?? '');
    put(this.box, 'p', 'next', say('codeSent'));
    const fields: Fields = new Fields(this.box, ['code'], subject, 'confirmCode', async () =>
      this.confirm(card, await fields.seal('code'), asked));
    fields.refuse(why);
  }

  private async confirm(card: Card, code: string, asked: number): Promise<void> {
    const target = `/payer/v1/cards/${card.card_id}/confirm`;
    try {
      await this.went(await post<Card>(target, { payer_id: this.payer, code_box: code }));
    } catch (why) {
      const { code: named, message } = why as Refused;
      if (named === 'CARD_CODE') return this.askCode(card, message, asked);
      if (named !== 'CARD_STATE' || asked >= ASKED_MOST) return this.begin(message);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS)); /* the bank is being asked */
      return this.askCode(card, message, asked + 1);
    }
  }

  private bound(card: Card): void {
    this.box.replaceChildren();
    this.cancel.remove();
    put(this.box, 'div', 'mark paid');
    put(this.box, 'p', 'card', card.card_mask ?? '');
    put(this.box, 'h1', 'result', say('cardBound')).setAttribute('role', 'status');
    const next = put(this.box, 'button', 'pay', say('payWithCard'));
    next.addEventListener('click', () => this.back(card));
  }
}
