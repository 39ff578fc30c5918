/** What waits for somebody else's agreement. */
import { Alert, Button, Card, Segmented, Table, Tag } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { actionNames, stateNames } from '../dictionary.ts';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { Failure } from './failure.tsx';
import { useProof } from './proof.tsx';
import { RequestPanel } from './request_panel.tsx';
import { type AskedRequest, type RequestList, requests } from './requests.ts';
import type { Owner } from './secrets.ts';

type Shelf = 'waitingForMe' | 'mine' | 'ended';
const SHELVES: Shelf[] = ['waitingForMe', 'mine', 'ended'];

function stands(request: AskedRequest, owner: Owner): Shelf {
  if (request.state !== 'waiting' && request.state !== 'running') return 'ended';
  return request.asker === owner.name ? 'mine' : 'waitingForMe';
}

export function StateTag({ state }: { state: string }) {
  const { language } = useWords();
  const known = stateNames[state];
  return <Tag color={known?.color ?? 'default'}>{known?.[language] ?? state}</Tag>;
}

export function ActionName({ action }: { action: string }) {
  const { language } = useWords();
  const words = actionNames[action]?.[language];
  return (
    <>
      {words !== undefined && <b>{words} </b>}
      <span className="mono quiet">{action}</span>
    </>
  );
}

function RequestTable({ list, busy, onLook }: {
  list: AskedRequest[]; busy: boolean; onLook: (request: string) => void;
}) {
  const { say, when } = useWords();
  return (
    <Table<AskedRequest> rowKey="request" size="small" pagination={false} dataSource={list}
      loading={busy} locale={{ emptyText: say('nothing') }} columns={[
        { title: say('operation'), dataIndex: 'action', render: (action: string) =>
          <ActionName action={action} /> },
        { title: say('asker'), dataIndex: 'asker' },
        { title: say('asked'), dataIndex: 'asked_us', render: (us: number) => when(us / 1000) },
        { title: say('expires'), dataIndex: 'expires_us', render: (us: number) => when(us / 1000) },
        { title: say('agreed'), key: 'given', render: (_, { given, needs }) => `${given}/${needs}` },
        { title: say('state'), dataIndex: 'state', render: (state: string) =>
          <StateTag state={state} /> },
        { title: '', key: 'look', align: 'right', render: (_, { request }) => (
          <Button size="small" type="primary" ghost data-request={request}
            onClick={() => onLook(request)}>
            {say('look')}
          </Button>
        ) },
      ]} />
  );
}

export function RequestsPage({ owner }: { owner: Owner }) {
  const { say } = useWords();
  const proven = useProof();
  const { busy, failure, run } = useBusy();
  const [{ requests: list, more }, setList] = useState<RequestList>({ requests: [], more: false });
  const [shelf, setShelf] = useState<Shelf>('waitingForMe');
  const [open, setOpen] = useState<string>();
  const look = useCallback(
    () => run(async () => setList(await proven(() => requests(true)))), [run, proven]);
  useEffect(() => void look(), [look]);
  const close = () => {
    setOpen(undefined);
    void look();
  };
  if (open !== undefined) return <RequestPanel owner={owner} request={open} onClose={close} />;
  const shelves = SHELVES.map((value) => ({
    value,
    label: `${say(value)} (${list.filter((request) => stands(request, owner) === value).length})`,
  }));
  return (
    <Card title={<Segmented<Shelf> options={shelves} value={shelf} onChange={setShelf} />}
      extra={<Button id="refresh" size="small" onClick={() => void look()}>{say('refresh')}</Button>}>
      <Failure failure={failure} />
      {more && <Alert className="below" type="warning" showIcon title={say('moreRequests')} />}
      <RequestTable list={list.filter((request) => stands(request, owner) === shelf)} busy={busy}
        onLook={setOpen} />
    </Card>
  );
}
