import { useCallback, useState } from 'react';

export interface Busy {
  busy: boolean;
  failure: unknown;
  /** Run one thing at a time; true when it succeeded. */
  run: (work: () => Promise<void>) => Promise<boolean>;
}

/** Something that is under way, and why it failed. */
export function useBusy(): Busy {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const run = useCallback(async (work: () => Promise<void>) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
      return true;
    } catch (reason) {
      setFailure(reason);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, failure, run };
}
