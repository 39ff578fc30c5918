/**
 * The cashier page: /cashier/#<prepay_id>. Shows whom the payer pays, how much and for what; takes his
 * account and, in a protected field, his PIN; shows the result and the next step, nothing else (TP-18).
 */
import { type Card, CardBinding } from './bind_card.ts';
import { ProtectedField } from './frame.ts';
import { language, post, put, say } from './page.ts';
import type { WORDS } from './words.ts';

interface Order {
  prepay_id: string;
  mchid: string;
  out_trade_no: string;
  description: string;
  trade_state: string;
  amount: { total: number; currency: string };
}

const main = document.querySelector('#cashier') as HTMLElement;

function money({ total, currency }: Order['amount']): string {
  const tag = language === 'zh' ? 'zh-CN' : 'en';
  return new Intl.NumberFormat(tag, { style: 'currency', currency }).format(total / 100);
}

function showResult(word: 'paid' | 'waiting' | 'over', next: keyof typeof WORDS): void {
  main.replaceChildren();
  main.dataset['state'] = word;
  put(main, 'div', `mark ${word}`);
  put(main, 'h1', 'result', say(word)).setAttribute('role', 'status');
  put(main, 'p', 'next', say(next));
}

function showState(state: string): void {
  if (state === 'SUCCESS') showResult('paid', 'paidNext');
  else if (state === 'USERPAYING') showResult('waiting', 'waitingNext');
  else showResult('over', 'overNext');
}

function showOrder(order: Order): void {
  put(main, 'h1', 'title', say('title'));
  put(main, 'p', 'amount-label', say('amount'));
  put(main, 'p', 'amount', money(order.amount));
  const facts = put(main, 'dl', 'facts');
  const rows: [keyof typeof WORDS, string][] = [['payee', order.mchid],
    ['description', order.description], ['order', order.out_trade_no]];
  for (const [word, text] of rows) {
    put(facts, 'dt', '', say(word));
    put(facts, 'dd', '', text);
  }
}

/** The state after it; throws what the house says in words. */
async function pay(order: Order, payer: string, box: string, card?: Card): Promise<string> {
  const target = `/payer/v1/orders/${encodeURIComponent(order.prepay_id)}`;
  const body = { payer_id: payer, box };
  const said = await (card === undefined ? post<{ trade_state?: string }>(`${target}/pay`, body)
    : post<{ trade_state?: string }>(`${target}/card-pay`, { ...body, card_id: card.card_id }));
  return said.trade_state ?? '';
}

class Form {
  private readonly payer: HTMLInputElement;
  private readonly button: HTMLButtonElement;
  private readonly problem: HTMLElement;
  private readonly pin: ProtectedField;
  private complete = false;

  constructor(private readonly order: Order, payer: string, private readonly card?: Card) {
    const form = put(main, 'form', 'form');
    put(form, 'label', '', say('payer')).htmlFor = 'payer';
    this.payer = put(form, 'input', 'payer');
    this.payer.id = 'payer';
    this.payer.autocomplete = 'username';
    this.payer.value = payer;
    if (card !== undefined) put(form, 'p', 'card', `${say('payFrom')} ${card.card_mask ?? ''}`);
    this.pin = new ProtectedField(form, { house: location.origin, field: 'pin', language,
      prepayId: order.prepay_id,
      ...(card === undefined ? {} : { cardId: card.card_id }),
      onState: ({ complete }) => {
        this.complete = complete;
        this.enable();
      },
      onProblem: (problem) => this.refuse(say(problem === 'key' ? 'key' : 'unsafe')) });
    this.pin.frame.title = say('safe');
    put(form, 'p', 'safe', say('safe'));
    this.problem = put(form, 'p', 'problem');
    this.problem.setAttribute('role', 'alert');
    this.button = put(form, 'button', 'pay', say('pay'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.payer.addEventListener('input', () => this.enable());
    if (card === undefined) this.offerCard(form);
    else this.offerBalance(form);
    this.enable();
  }

  /** A card is bound on this page, too; then the payer comes back to his order. */
  private offerCard(form: Element): void {
    const offer = put(form, 'button', 'other', say('bindCard'));
    offer.type = 'button';
    offer.addEventListener('click', () => {
      const payer = this.payer.value.trim();
      if (payer === '') return this.refuse(say('payerFirst'));
      main.replaceChildren();
      new CardBinding(main, payer, (card) => showAll(this.order, payer, card));
    });
  }

  private offerBalance(form: Element): void {
    const offer = put(form, 'button', 'other', say('payBalance'));
    offer.type = 'button';
    offer.addEventListener('click', () => showAll(this.order, this.payer.value.trim()));
  }

  private enable(): void {
    this.button.disabled = !this.complete || this.payer.value.trim() === '';
  }

  private refuse(why: string): void {
    this.problem.textContent = why;
  }

  private async submit(): Promise<void> {
    this.button.disabled = true;
    this.button.textContent = say('paying');
    this.refuse('');
    try {
      showState(await pay(this.order, this.payer.value.trim(), await this.pin.seal(),
        this.card));
    } catch (why) {
      this.refuse((why as Error).message);
      this.button.textContent = say('pay');
    }
  }
}

/** `card`: bound just now, to pay from it. */
function showAll(order: Order, payer: string, card?: Card): void {
  main.replaceChildren();
  showOrder(order);
  new Form(order, payer, card);
}

async function start(): Promise<void> {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = say('title');
  const id = encodeURIComponent(location.hash.slice(1));
  const answer = await fetch(`/payer/v1/orders/${id}`, { credentials: 'omit', cache: 'no-store',
    headers: { 'Accept-Language': language } });
  if (!answer.ok) return showResult('over', 'overNext');
  const order = (await answer.json()) as Order;
  if (order.trade_state !== 'NOTPAY' && order.trade_state !== 'USERPAYING')
    return showState(order.trade_state);
  showAll(order, '');
}

void start();
