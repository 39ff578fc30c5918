/**
 * One protected field: a document of its own, without an origin, into which no page can look. What is
 * typed is sealed keystroke by keystroke (seal/spelled.ts); the input holds dots (TP-4, TP-19).
 */
import { toBase64 } from '../src/seal/bytes.ts';
import { type Kind, KINDS, letters } from './kinds.ts';
import { Pad } from './pad.ts';
import { FIELD_KINDS, type FromField, type Opening, READY, type ToField } from './protocol.ts';
import { isKeyProblem, openSession, type Session } from './source.ts';
import { allowedStyle } from './style.ts';
import { LABELS, WORDS } from './words.ts';

const DOT = '•';

class Field {
  private readonly input = document.createElement('input');
  private readonly said = document.createElement('p');
  private readonly kind: Kind;
  private session: Session | null = null;
  private pad: Pad | null = null;

  constructor(private readonly opening: Opening, private readonly port: MessagePort) {
    this.kind = KINDS[opening.field];
    this.draw();
    this.listen();
  }

  private draw(): void {
    const { input, opening, said } = this;
    document.documentElement.lang = opening.language === 'zh' ? 'zh-CN' : 'en';
    input.type = 'text';
    input.disabled = true;
    input.autocomplete = 'off';
    input.spellcheck = false;
    input.inputMode = this.kind.numeric ? 'numeric' : 'text';
    input.setAttribute('autocorrect', 'off');
    input.setAttribute('autocapitalize', 'off');
    for (const [name, value] of allowedStyle(opening.style ?? {})) input.style.setProperty(name, value);
    said.className = 'said';
    said.setAttribute('role', 'status');
    const label = document.createElement('label');
    label.className = 'label';
    label.textContent = LABELS[opening.field][opening.language];
    label.append(input);
    document.body.append(label, said);
    if (this.kind.pad) this.offerPad();
  }

  private offerPad(): void {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'offer';
    button.textContent = WORDS.pad[this.opening.language];
    button.title = WORDS.padHelp[this.opening.language];
    button.addEventListener('click', () => this.togglePad());
    document.body.append(button);
  }

  private togglePad(): void {
    if (this.pad === null) {
      this.pad = new Pad(this.opening.language, {
        press: (place) => this.stroke((session) => session.box.press(place)),
        back: () => this.takeBack(),
      });
      if (this.session !== null) this.pad.show(this.session);
      document.body.append(this.pad.element);
      document.body.classList.add('with-pad');
    } else {
      this.pad.element.remove();
      this.pad = null;
      document.body.classList.remove('with-pad');
    }
    this.tell();
  }

  private listen(): void {
    this.input.addEventListener('beforeinput', (event) => this.before(event));
    this.input.addEventListener('compositionend', (event) => {
      this.typed(event.data);
      this.tell();
    });
    for (const name of ['paste', 'drop', 'copy', 'cut', 'dragstart'])
      this.input.addEventListener(name, (event) => event.preventDefault());
  }

  /** What a composition shows cannot be prevented; it is replaced by dots when it ends. */
  private before(event: InputEvent): void {
    if (event.inputType === 'insertCompositionText') return;
    event.preventDefault();
    if (event.inputType === 'insertText') this.typed(event.data ?? '');
    else if (event.inputType.startsWith('delete')) this.takeBack();
  }

  private typed(text: string): void {
    for (const letter of letters(text))
      if (this.kind.letter.test(letter)) this.stroke((session) => session.box.type(letter));
  }

  private stroke(seal: (session: Session) => void): void {
    if (this.session === null) return;
    if (Date.now() > this.session.endsMs) {
      void this.begin();
      return;
    }
    if (this.session.box.length < this.kind.most) seal(this.session);
    this.tell();
  }

  private takeBack(): void {
    this.session?.box.takeBack();
    this.tell();
  }

  private post(message: FromField): void {
    this.port.postMessage(message);
  }

  private tell(): void {
    const length = this.session?.box.length ?? 0;
    const { language } = this.opening;
    this.input.value = DOT.repeat(length);
    this.said.textContent = `${length} ${WORDS.entered[language]}`;
    this.post({ kind: 'state', length, complete: length >= this.kind.least,
      height: document.body.scrollHeight });
  }

  /** Another session: the one before is forgotten with all that was sealed in it. */
  async begin(): Promise<void> {
    this.session = null;
    this.input.disabled = true;
    try {
      this.session = await openSession(this.opening);
      this.pad?.show(this.session);
      this.input.disabled = false;
      this.tell();
    } catch (why) {
      this.tell();
      this.post({ kind: 'problem', problem: isKeyProblem(why) ? 'key' : 'unsafe' });
    }
  }

  async seal(): Promise<void> {
    const session = this.session;
    if (session === null || session.box.length < this.kind.least) {
      this.post({ kind: 'problem', problem: 'incomplete' });
      return;
    }
    this.post({ kind: 'box', box: toBase64(await session.box.end()) });
    await this.begin();
  }
}

function isOpening(said: ToField): said is Opening {
  return said.kind === 'open' && FIELD_KINDS.includes(said.field);
}

/** The page's origin is what it says, and nobody else hears us: a page that lies gets no port. Who may
 * frame us at all is the house's word (frame-ancestors). */
function start(): void {
  if (window.parent === window) return;
  const channel = new MessageChannel();
  let field: Field | null = null;
  channel.port1.onmessage = ({ data }: MessageEvent<ToField>) => {
    if (field === null) {
      if (!isOpening(data)) return;
      field = new Field(data, channel.port1);
      void field.begin();
    } else if (data.kind === 'seal') void field.seal();
    else if (data.kind === 'clear') void field.begin();
  };
  window.parent.postMessage(READY, decodeURIComponent(location.hash.slice(1)), [channel.port2]);
}

start();
