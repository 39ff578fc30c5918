/** What one has to sign and to log in with: the signing key, and passkeys. */
import { App, Button, Card, Popconfirm, Table, Tag } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { Failure } from './failure.tsx';
import { type Passkey, passkeyAdd, passkeyRemove, passkeys, passkeysWork } from './passkey.ts';
import { useProof } from './proof.tsx';
import type { Owner } from './secrets.ts';
import { SigningKeyCard } from './signing_key_card.tsx';

function PasskeyTable({ list, onRemove }: { list: Passkey[]; onRemove: (name: string) => void }) {
  const { say, when } = useWords();
  return (
    <Table<Passkey> rowKey="passkey" size="small" pagination={false} dataSource={list}
      locale={{ emptyText: say('nothing') }} columns={[
        { title: say('passkeys'), dataIndex: 'passkey', render: (name: string) =>
          <span className="mono">{name.slice(0, 16)}</span> },
        { title: say('added'), dataIndex: 'added_us', render: (us: number) => when(us / 1000) },
        { title: '', dataIndex: 'may_be_copied', render: (copied: boolean) =>
          <Tag color={copied ? 'gold' : 'green'}>{say(copied ? 'mayBeCopied' : 'staysHere')}</Tag> },
        { title: '', key: 'end', align: 'right', render: (_, { passkey }) => (
          <Popconfirm title={say('removeKeySure')} okText={say('removeKey')}
            cancelText={say('cancel')} onConfirm={() => onRemove(passkey)}>
            <Button danger size="small">{say('removeKey')}</Button>
          </Popconfirm>
        ) },
      ]} />
  );
}

function PasskeysCard() {
  const { say } = useWords();
  const { message } = App.useApp();
  const proven = useProof();
  const { busy, failure, run } = useBusy();
  const [list, setList] = useState<Passkey[]>([]);
  const look = useCallback(() => run(async () => setList(await proven(passkeys))), [run, proven]);
  useEffect(() => void look(), [look]);
  const change = async (act: () => Promise<void>, done: 'passkeyAdded' | 'passkeyRemoved') => {
    if (!(await run(() => proven(act)))) return;
    void message.success(say(done));
    await look();
  };
  const add = (
    <Button id="add_passkey" type="primary" size="small" loading={busy} disabled={!passkeysWork()}
      onClick={() => void change(passkeyAdd, 'passkeyAdded')}>
      {say('addPasskey')}
    </Button>
  );
  return (
    <Card title={say('passkeys')} extra={add}>
      <p className="quiet">{say(passkeysWork() ? 'passkeysNote' : 'noPasskeys')}</p>
      <Failure failure={failure} />
      <PasskeyTable list={list}
        onRemove={(name) => void change(() => passkeyRemove(name), 'passkeyRemoved')} />
    </Card>
  );
}

export function KeysPage({ owner }: { owner: Owner }) {
  return (
    <>
      <SigningKeyCard owner={owner} />
      <PasskeysCard />
    </>
  );
}
