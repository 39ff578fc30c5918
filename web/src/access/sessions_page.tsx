/** Where somebody is logged in, and on which devices he has been. */
import { Button, Card, Table, Tag } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { get, post } from './door.ts';
import { Failure } from './failure.tsx';
import { useProof } from './proof.tsx';

interface SessionLine {
  number: number;
  from: string;
  age_s: number;
  unused_s: number;
  current: boolean;
}

interface DeviceLine {
  device: string;
  added_us: number;
  current: boolean;
}

/** What the door lists at this path, and a way to change something and list again. */
function useLines<T>(path: string, read: (answer: never) => T[]) {
  const proven = useProof();
  const { busy, failure, run } = useBusy();
  const [lines, setLines] = useState<T[]>([]);
  const look = useCallback(
    () => run(async () => setLines(read(await proven(() => get<never>(path))))),
    [run, proven, path, read],
  );
  useEffect(() => void look(), [look]);
  const change = async (act: () => Promise<unknown>) => {
    if (await run(async () => { await proven(act); })) await look();
  };
  return { lines, busy, failure, change };
}

const readSessions = ({ sessions }: { sessions: SessionLine[] }) => sessions;
const readDevices = ({ devices }: { devices: DeviceLine[] }) => devices;

function SessionsCard() {
  const { say, when } = useWords();
  const { lines, busy, failure, change } = useLines('sessions', readSessions);
  const end = (number: number) => void change(() => post('sessions/end', { number }));
  const ago = (seconds: number) => when(Date.now() - 1000 * seconds);
  return (
    <Card className="below" title={say('sessionsTitle')} extra={
      <Button size="small" danger loading={busy} onClick={() => end(0)}>{say('endOthers')}</Button>
    }>
      <Failure failure={failure} />
      <Table<SessionLine> rowKey="number" size="small" pagination={false} dataSource={lines} columns={[
        { title: say('from'), dataIndex: 'from' },
        { title: say('begun'), dataIndex: 'age_s', render: ago },
        { title: say('lastUsed'), dataIndex: 'unused_s', render: ago },
        { title: '', key: 'end', align: 'right', render: (_, { number, current }) =>
          current ? <Tag color="green">{say('thisOne')}</Tag>
            : <Button size="small" onClick={() => end(number)}>{say('end')}</Button> },
      ]} />
    </Card>
  );
}

function DevicesCard() {
  const { say, when } = useWords();
  const { lines, failure, change } = useLines('devices', readDevices);
  const forget = (device: string) => void change(() => post('devices/forget', { device }));
  return (
    <Card title={say('devicesTitle')}>
      <Failure failure={failure} />
      <Table<DeviceLine> rowKey="device" size="small" pagination={false} dataSource={lines} columns={[
        { title: say('device'), dataIndex: 'device', render: (name: string) =>
          <span className="mono">{name.slice(0, 12)}</span> },
        { title: say('added'), dataIndex: 'added_us', render: (us: number) => when(us / 1000) },
        { title: '', key: 'end', align: 'right', render: (_, { device, current }) =>
          current ? <Tag color="green">{say('thisOne')}</Tag>
            : <Button size="small" onClick={() => forget(device)}>{say('forget')}</Button> },
      ]} />
    </Card>
  );
}

export function SessionsPage() {
  return (
    <>
      <SessionsCard />
      <DevicesCard />
    </>
  );
}
