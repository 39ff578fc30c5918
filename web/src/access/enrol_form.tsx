/** A newcomer sets his first password and authenticator with a code of two halves. */
import { Button, Form, Input, QRCode, Typography } from 'antd';
import { useState } from 'react';
import { toBase32 } from '../seal/bytes.ts';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { post } from './door.ts';
import { OwnerItems, ownerOf, type OwnerFields } from './entrance.tsx';
import { Failure } from './failure.tsx';
import { firstPasswordBox, firstSecondBox, TOTP_SECRET_BYTES } from './secrets.ts';
import { totpMatches, totpUri } from './totp.ts';

interface EnrolFields extends OwnerFields {
  first: string;
  second: string;
  password: string;
  again: string;
  code: string;
}

function halves(say: ReturnType<typeof useWords>['say']) {
  const rule = { required: true, pattern: /^\s*[0-9a-fA-F]{10}\s*$/, message: say('tenLetters') };
  return (['first', 'second'] as const).map((half) => (
    <Form.Item key={half} name={half} rules={[rule]}
      label={say(half === 'first' ? 'firstHalf' : 'secondHalf')}>
      <Input className="mono" autoComplete="off" spellCheck={false} />
    </Form.Item>
  ));
}

function Authenticator({ name, secret }: { name: string; secret: Uint8Array<ArrayBuffer> }) {
  const { say } = useWords();
  return (
    <div className="scan">
      <QRCode type="svg" size={148} value={totpUri('Hufu', name, secret)} />
      <div>
        <div className="quiet">{say('scan')}</div>
        <Typography.Text id="enrol_secret" className="mono secret" copyable>
          {toBase32(secret)}
        </Typography.Text>
      </div>
    </div>
  );
}

export function EnrolForm({ onEnrolled }: { onEnrolled: () => void }) {
  const { say } = useWords();
  const [form] = Form.useForm<EnrolFields>();
  const name = Form.useWatch('name', form) ?? '';
  const [secret] = useState(() => crypto.getRandomValues(new Uint8Array(TOTP_SECRET_BYTES)));
  const { busy, failure, run } = useBusy();
  const enrol = async (fields: EnrolFields) => {
    const owner = ownerOf(fields);
    const right = await run(async () => {
      const box = await firstPasswordBox(owner, fields.password);
      const second_box = await firstSecondBox(owner, Uint8Array.from(secret));
      const enrolment_code = (fields.first.trim() + fields.second.trim()).toLowerCase();
      await post('enrol', { ...owner, enrolment_code, box, second_box });
    });
    if (right) {
      secret.fill(0);
      onEnrolled();
    }
  };
  const same = ({ getFieldValue }: { getFieldValue: (name: string) => unknown }) => ({
    validator: (_: unknown, value: string) =>
      value === getFieldValue('password') ? Promise.resolve()
        : Promise.reject(new Error(say('passwordsDiffer'))),
  });
  const shown = {
    validator: async (_: unknown, value: string) => {
      if (!(await totpMatches(secret, value ?? '', Date.now()))) throw new Error(say('codeWrong'));
    },
  };
  return (
    <Form form={form} name="enrol" layout="vertical" requiredMark={false} disabled={busy}
      validateTrigger="onBlur" onFinish={(fields) => void enrol(fields)}>
      <p className="quiet">{say('enrolIntro')}</p>
      <Failure failure={failure} />
      <OwnerItems />
      {halves(say)}
      <Form.Item name="password" label={say('password')} extra={say('passwordHint')}
        rules={[{ required: true, message: say('needed') }]}>
        <Input.Password autoComplete="new-password" maxLength={128} />
      </Form.Item>
      <Form.Item name="again" label={say('passwordAgain')} dependencies={['password']}
        rules={[{ required: true, message: say('needed') }, same]}>
        <Input.Password autoComplete="new-password" maxLength={128} />
      </Form.Item>
      <Authenticator name={name} secret={secret} />
      <Form.Item name="code" label={say('code')} extra={say('codeHint')} rules={[shown]}>
        <Input autoComplete="one-time-code" inputMode="numeric" maxLength={6} />
      </Form.Item>
      <Button id="enrol_submit" className="full above" type="primary" htmlType="submit" loading={busy}>
        {say('enrol')}
      </Button>
    </Form>
  );
}
