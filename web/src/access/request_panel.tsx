/** One request: what it is, in words and to the byte; agree with one's own signature, or not. */
import { Alert, App, Button, Card, Collapse, Descriptions, Form, Input, Space } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { fieldNames } from '../dictionary.ts';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { Failure } from './failure.tsx';
import { useProof } from './proof.tsx';
import { ActionName, StateTag } from './requests_page.tsx';
import { type ExactRequest, readExact, refuseRequest, requestDetail, type RequestDetail, signRequest,
  withdrawRequest } from './requests.ts';
import type { Owner } from './secrets.ts';
import { useSigningKey } from './signing_key_card.tsx';

interface Shown {
  detail: RequestDetail;
  exact: ExactRequest;
}

function useRequest(request: string) {
  const proven = useProof();
  const { failure, run } = useBusy();
  const [shown, setShown] = useState<Shown>();
  const look = useCallback(() => run(async () => {
    const detail = await proven(() => requestDetail(request));
    setShown({ detail, exact: await readExact(detail, request) });
  }), [run, proven, request]);
  useEffect(() => void look(), [look]);
  return { shown, failure, look };
}

function Content({ detail, exact }: Shown) {
  const { say, when, language } = useWords();
  const text = (value: string) => <span className="value">{value}</span>;
  const fields = exact.fields.map(({ field, value }) => ({
    key: field, label: fieldNames[field]?.[language] ?? field, children: text(value),
  }));
  const agreed = detail.given_by.map(({ approver, reason }) => `${approver}: ${reason}`).join('\n');
  return (
    <>
      <Descriptions className="below" column={1} bordered size="small" styles={{ label: { width: 190 } }}
        items={[
        { key: 'action', label: say('operation'), children: <ActionName action={detail.action} /> },
        ...fields,
      ]} />
      <Descriptions className="below" column={1} size="small" items={[
        { key: 'asker', label: say('asker'), children: detail.asker },
        { key: 'asked', label: say('asked'), children: when(detail.asked_us / 1000) },
        { key: 'expires', label: say('expires'), children: when(detail.expires_us / 1000) },
        { key: 'given', label: say('agreed'), children: text(
          `${detail.given}/${detail.needs}${agreed === '' ? '' : `\n${agreed}`}`) },
        { key: 'id', label: say('requestNumber'), children:
          <span className="mono">{detail.request}</span> },
        { key: 'digest', label: say('digest'), children:
          <span className="mono value">{exact.sha256}</span> },
      ]} />
      <Collapse className="below" size="small" items={[
        { key: 'exact', label: say('exactBytes'), children:
          <pre className="exact mono">{exact.text}</pre> },
      ]} />
    </>
  );
}

type Decision = 'sign' | 'refuse' | 'withdraw';

function Decide({ owner, request, detail, onDone }: {
  owner: Owner; request: string; detail: RequestDetail; onDone: () => void;
}) {
  const { say } = useWords();
  const { message } = App.useApp();
  const proven = useProof();
  const { key } = useSigningKey(owner);
  const { busy, failure, run } = useBusy();
  const [form] = Form.useForm<{ reason: string }>();
  const isMine = detail.asker === owner.name;
  const sign = async (reason: string) => {
    if (!key) return;
    const after = await proven(() => signRequest(owner, key, request, detail, reason));
    if (after.outcome === undefined) void message.success(say('signed'));
    else if (after.outcome === 'OK') void message.success(say('ranWell'));
    else void message.warning(say('ranBadly') + after.outcome);
  };
  const end = async (reason: string) => {
    const act = isMine ? withdrawRequest : refuseRequest;
    await proven(() => act(request, reason));
    void message.success(say(isMine ? 'withdrawn' : 'refused'));
  };
  const decide = async (decision: Decision) => {
    const { reason } = await form.validateFields();
    if (await run(() => (decision === 'sign' ? sign(reason) : end(reason)))) onDone();
  };
  const press = (decision: Decision) => () => void decide(decision).catch(() => undefined);
  return (
    <Form form={form} name="decide" layout="vertical" requiredMark={false} disabled={busy}>
      <Failure failure={failure} />
      {isMine && <Alert className="below" type="info" showIcon title={say('ownRequest')} />}
      {!isMine && key === null &&
        <Alert className="below" type="warning" showIcon title={say('noKeyHere')} />}
      <Form.Item name="reason" label={say('reason')} extra={say('reasonHint')}
        rules={[{ required: true, whitespace: true, message: say('needed') }]}>
        <Input maxLength={50} autoComplete="off" />
      </Form.Item>
      <Space>
        {!isMine && (
          <Button id="sign" type="primary" loading={busy} disabled={!key} onClick={press('sign')}>
            {say('sign')}
          </Button>
        )}
        <Button id="end" danger disabled={busy} onClick={press(isMine ? 'withdraw' : 'refuse')}>
          {say(isMine ? 'withdraw' : 'refuse')}
        </Button>
      </Space>
    </Form>
  );
}

export function RequestPanel({ owner, request, onClose }: {
  owner: Owner; request: string; onClose: () => void;
}) {
  const { say } = useWords();
  const { shown, failure } = useRequest(request);
  const waits = shown?.detail.state === 'waiting';
  const isMine = shown?.detail.asker === owner.name;
  return (
    <Card loading={shown === undefined && failure === undefined}
      title={say(waits && !isMine ? 'whatIsSigned' : 'whatIsAsked')}
      extra={<Space>
        {shown && <StateTag state={shown.detail.state} />}
        <Button id="back" size="small" onClick={onClose}>{say('back')}</Button>
      </Space>}>
      <Failure failure={failure} />
      {shown && <Content {...shown} />}
      {shown && waits &&
        <Decide owner={owner} request={request} detail={shown.detail} onDone={onClose} />}
    </Card>
  );
}
