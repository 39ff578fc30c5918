/** A page's side of a protected field: the frame it lies in, and the port that leads into it. */
import { type FieldKind, type FromField, type Opening, READY, type ToField } from './protocol.ts';

export interface FieldState {
  length: number;
  complete: boolean;
}

export interface FieldOptions extends Omit<Opening, 'kind'> {
  field: FieldKind;
  /** the house's origin */
  house: string;
  /** your number, when the page is yours */
  merchant?: string;
  onState?: (state: FieldState) => void;
  onProblem?: (problem: string) => void;
}

export class FieldRefused extends Error {
  constructor(readonly problem: string) {
    super(`the protected field says: ${problem}`);
  }
}

export class ProtectedField {
  readonly frame = document.createElement('iframe');
  private port: MessagePort | null = null;
  private waiting: { resolve(box: string): void; reject(why: Error): void } | null = null;

  constructor(place: Element, private readonly options: FieldOptions) {
    const query = options.merchant === undefined ? ''
      : `?merchant=${encodeURIComponent(options.merchant)}`;
    const origin = encodeURIComponent(location.origin);
    this.frame.setAttribute('sandbox', 'allow-scripts');
    this.frame.className = 'hufu-field';
    this.frame.src = `${options.house}/cashier/field.html${query}#${origin}`;
    window.addEventListener('message', (event) => this.ready(event));
    place.append(this.frame);
  }

  /** Of our own frame, which has no origin: the port is then ours and its alone. */
  private ready(event: MessageEvent): void {
    const [port] = event.ports;
    if (event.source !== this.frame.contentWindow || event.origin !== 'null') return;
    if (event.data !== READY || port === undefined || this.port !== null) return;
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<FromField>) => this.heard(data);
    const { house: _house, merchant: _merchant, onState: _s, onProblem: _p, ...opening } = this.options;
    this.tell({ kind: 'open', ...opening });
  }

  private heard(said: FromField): void {
    if (said.kind === 'state') {
      this.frame.style.height = `${said.height}px`;
      this.options.onState?.({ length: said.length, complete: said.complete });
    } else if (said.kind === 'box') this.settle()?.resolve(said.box);
    else {
      this.settle()?.reject(new FieldRefused(said.problem));
      this.options.onProblem?.(said.problem);
    }
  }

  private settle(): typeof this.waiting {
    const waiting = this.waiting;
    this.waiting = null;
    return waiting;
  }

  private tell(said: ToField): void {
    this.port?.postMessage(said);
  }

  /** The box of what was entered, in base64: good once, for one purpose, for a few minutes. */
  seal(): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.port === null || this.waiting !== null) return reject(new FieldRefused('busy'));
      this.waiting = { resolve, reject };
      this.tell({ kind: 'seal' });
    });
  }

  clear(): void {
    this.tell({ kind: 'clear' });
  }
}
