/** The signing key of somebody in this browser, and what others need to enrol it. */
import { App, Button, Card, Descriptions, Empty, Form, Popconfirm, Space } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { OwnerItems, ownerOf, type OwnerFields } from './entrance.tsx';
import { Failure } from './failure.tsx';
import type { Owner } from './secrets.ts';
import { fingerprint, makeSigningKey, publicPem, removeSigningKey, signingKey, type SigningKey } from
  './signing_key.ts';

/** undefined: not looked up yet; null: there is none. */
export function useSigningKey(owner: Owner) {
  const [key, setKey] = useState<SigningKey | null>();
  const { tenant, name } = owner;
  const look = useCallback(async () => {
    setKey((await signingKey({ tenant, name })) ?? null);
  }, [tenant, name]);
  useEffect(() => void look(), [look]);
  return { key, look };
}

function KeyShown({ owner, signing }: { owner: Owner; signing: SigningKey }) {
  const { say, when } = useWords();
  const { message } = App.useApp();
  const [print, setPrint] = useState('');
  useEffect(() => void fingerprint(signing).then(setPrint), [signing]);
  const pem = publicPem(signing);
  const copy = () => void navigator.clipboard.writeText(pem).then(() => message.success(say('copied')));
  const command = `hufu access move ${owner.name} --roles … --key ${owner.name}.pub.pem --reason …`;
  return (
    <Descriptions column={1} bordered size="small" styles={{ label: { width: 190 } }} items={[
      { key: 'print', label: say('fingerprint'), children: <span className="mono">{print}</span> },
      { key: 'made', label: say('made'), children: when(signing.madeMs) },
      { key: 'pem', label: say('publicHalf'), children: (
        <Space orientation="vertical" className="full">
          <pre id="public_pem" className="pem mono">{pem}</pre>
          <Button size="small" onClick={copy}>{say('copy')}</Button>
        </Space>
      ) },
      { key: 'how', label: say('enrolKeyHow'), children: <code className="mono value">{command}</code> },
    ]} />
  );
}

export function SigningKeyCard({ owner }: { owner: Owner }) {
  const { say } = useWords();
  const { key, look } = useSigningKey(owner);
  const { busy, failure, run } = useBusy();
  const change = (act: (owner: Owner) => Promise<unknown>) => () =>
    void run(async () => { await act(owner); }).then(look);
  const remove = (
    <Popconfirm title={say('removeKeySure')} okText={say('removeKey')} cancelText={say('cancel')}
      onConfirm={change(removeSigningKey)}>
      <Button id="remove_key" danger size="small" loading={busy}>{say('removeKey')}</Button>
    </Popconfirm>
  );
  return (
    <Card className="below" title={say('signingKey')} extra={key ? remove : null}>
      <p className="quiet">{say('signingKeyNote')}</p>
      <Failure failure={failure} />
      {key && <KeyShown owner={owner} signing={key} />}
      {key === null && (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say('noSigningKey')}>
          <Button id="make_key" type="primary" loading={busy} onClick={change(makeSigningKey)}>
            {say('makeKey')}
          </Button>
        </Empty>
      )}
    </Card>
  );
}

/** Before there is a password: so that the key can be enrolled when its owner joins. */
export function SigningKeyForNewcomer() {
  const { say } = useWords();
  const [owner, setOwner] = useState<Owner>();
  if (owner !== undefined) return <SigningKeyCard owner={owner} />;
  return (
    <Form<OwnerFields> name="newcomer" layout="vertical" requiredMark={false}
      onFinish={(fields) => setOwner(ownerOf(fields))}>
      <OwnerItems />
      <Button className="full" htmlType="submit">{say('signingKey')}</Button>
    </Form>
  );
}
