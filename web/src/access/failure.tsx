/** What went wrong, in the reader's language. */
import { Alert } from 'antd';
import { BoxKeyRefused } from '../seal/box_key.ts';
import { useWords, type Words } from '../words.tsx';
import { DoorRefused } from './door.ts';
import { RequestDiffers } from './requests.ts';

export function failureText(failure: unknown, { say }: Words): string {
  if (failure instanceof DoorRefused) return `${failure.message} (${failure.code})`;
  if (failure instanceof BoxKeyRefused)
    return say(failure.problem === 'suite' ? 'boxKeySuite' : 'boxKeySignature');
  if (failure instanceof RequestDiffers) return say('differs');
  if (failure instanceof DOMException && failure.name === 'InvalidStateError')
    return say('passkeyKnown');
  if (failure instanceof DOMException) return say('passkeyStopped');
  if (failure instanceof TypeError) return say('unreachable');
  return String(failure);
}

/** Nothing while there is no failure. */
export function Failure({ failure }: { failure: unknown }) {
  const words = useWords();
  if (failure === undefined) return null;
  return (
    <Alert className="below" type="error" showIcon role="alert"
      title={failureText(failure, words)} />
  );
}
