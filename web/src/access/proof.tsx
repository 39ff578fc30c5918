/** Sensitive actions ask for a fresh proof of who is here; it is given, and the action goes on. */
import { Button, Divider, Form, Modal } from 'antd';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { DoorRefused, post } from './door.ts';
import { SecretItems } from './entrance.tsx';
import { Failure } from './failure.tsx';
import { passkeyProve, passkeysWork } from './passkey.ts';
import { loginBox, type Owner } from './secrets.ts';

/** Do it; when the door wants a proof, ask for one and do it again. */
type Proven = <T>(action: () => Promise<T>) => Promise<T>;

const ProofContext = createContext<Proven>((action) => action());

export function useProof(): Proven {
  return useContext(ProofContext);
}

interface ProofFields {
  password: string;
  code: string;
}

function ProofDialog({ owner, onEnd }: { owner: Owner; onEnd: (proven: boolean) => void }) {
  const { say } = useWords();
  const { busy, failure, run } = useBusy();
  const [form] = Form.useForm<ProofFields>();
  const prove = async ({ password, code }: ProofFields) => {
    form.resetFields();
    const right = await run(async () => {
      await post('prove', { box: await loginBox(owner, password, code) });
    });
    if (right) onEnd(true);
  };
  const withPasskey = async () => {
    if (await run(passkeyProve)) onEnd(true);
  };
  return (
    <Modal open title={say('proveTitle')} footer={null} width={420} onCancel={() => onEnd(false)}>
      <p className="quiet">{say('proveNote')}</p>
      <Failure failure={failure} />
      <Form form={form} name="proof" layout="vertical" requiredMark={false} disabled={busy}
        onFinish={(fields) => void prove(fields)}>
        <SecretItems />
        <Button id="proof_submit" className="full" type="primary" htmlType="submit" loading={busy}>
          {say('prove')}
        </Button>
      </Form>
      <Divider plain>{say('or')}</Divider>
      <Button id="proof_passkey" className="full" disabled={busy || !passkeysWork()}
        onClick={() => void withPasskey()}>
        {say('provePasskey')}
      </Button>
    </Modal>
  );
}

export function ProofProvider({ owner, onOver, children }: {
  owner: Owner; onOver: () => void; children: ReactNode;
}) {
  const [asked, setAsked] = useState(false);
  const waiting = useRef<(proven: boolean) => void>(undefined);
  const ask = useCallback(() => new Promise<boolean>((resolve) => {
    waiting.current = resolve;
    setAsked(true);
  }), []);
  const end = (proven: boolean) => {
    setAsked(false);
    waiting.current?.(proven);
  };
  const proven = useMemo<Proven>(() => async (action) => {
    try {
      return await action();
    } catch (failure) {
      if (!(failure instanceof DoorRefused)) throw failure;
      if (failure.isOver) onOver();
      if (!failure.needsProof || !(await ask())) throw failure;
      return action();
    }
  }, [ask, onOver]);
  return (
    <ProofContext.Provider value={proven}>
      {children}
      {asked && <ProofDialog owner={owner} onEnd={end} />}
    </ProofContext.Provider>
  );
}
