/** Nobody is logged in: log in, or come for the first time. */
import { Alert, Button, Card, Divider, Form, Input, Layout, Tabs } from 'antd';
import { useEffect, useState } from 'react';
import { useWords } from '../words.tsx';
import { useBusy } from './busy.ts';
import { post } from './door.ts';
import { EnrolForm } from './enrol_form.tsx';
import { Failure } from './failure.tsx';
import { passkeyLogin, passkeysWork } from './passkey.ts';
import { SigningKeyForNewcomer } from './signing_key_card.tsx';
import { HOUSE, loginBox, type Owner, platformPin } from './secrets.ts';

export interface OwnerFields {
  name: string;
  tenant?: string;
}

export function ownerOf({ name, tenant }: OwnerFields): Owner {
  const given = tenant?.trim() ?? '';
  return { name: name.trim(), tenant: given === '' ? HOUSE : given };
}

/** Who is meant: the name, and for a merchant's administrators the merchant's number. */
export function OwnerItems() {
  const { say } = useWords();
  return (
    <>
      <Form.Item name="name" label={say('name')} rules={[{ required: true, message: say('needed') }]}>
        <Input autoComplete="username" autoFocus maxLength={64} />
      </Form.Item>
      <Form.Item name="tenant" label={say('tenant')} tooltip={say('tenantHint')}>
        <Input autoComplete="organization" maxLength={32} placeholder={say('tenantHint')} />
      </Form.Item>
    </>
  );
}

/** Password and one-time code, as logging in and proving again ask for them. */
export function SecretItems() {
  const { say } = useWords();
  return (
    <>
      <Form.Item name="password" label={say('password')}
        rules={[{ required: true, message: say('needed') }]}>
        <Input.Password autoComplete="current-password" maxLength={128} />
      </Form.Item>
      <Form.Item name="code" label={say('code')} tooltip={say('codeHint')}
        rules={[{ required: true, pattern: /^\d{6}$/, message: say('sixDigits') }]}>
        <Input autoComplete="one-time-code" inputMode="numeric" maxLength={6} />
      </Form.Item>
    </>
  );
}

interface LoginFields extends OwnerFields {
  password: string;
  code: string;
}

function LoginForm({ onInside }: { onInside: () => void }) {
  const { say } = useWords();
  const [form] = Form.useForm<LoginFields>();
  const { busy, failure, run } = useBusy();
  const logIn = async (fields: LoginFields) => {
    const owner = ownerOf(fields);
    form.resetFields(['password', 'code']); /* on their way they are nobody's to read */
    const right = await run(async () => {
      const box = await loginBox(owner, fields.password, fields.code);
      await post('login', { name: owner.name, tenant: owner.tenant, box });
    });
    if (right) onInside();
  };
  const withPasskey = async () => {
    if (await run(passkeyLogin)) onInside();
  };
  return (
    <Form form={form} name="login" layout="vertical" requiredMark={false} disabled={busy}
      onFinish={(fields) => void logIn(fields)}>
      <Failure failure={failure} />
      <OwnerItems />
      <SecretItems />
      <Button id="login_submit" className="full" type="primary" htmlType="submit" loading={busy}>
        {say('logIn')}
      </Button>
      <Divider plain>{say('or')}</Divider>
      <Button id="login_passkey" className="full" disabled={busy || !passkeysWork()}
        onClick={() => void withPasskey()}>
        {say(passkeysWork() ? 'withPasskey' : 'noPasskeys')}
      </Button>
    </Form>
  );
}

/** Whom this page believes about the key that it encrypts to. */
function PinNote() {
  const { say } = useWords();
  const [pin, setPin] = useState<string | null>();
  useEffect(() => void platformPin().then(setPin), []);
  return (
    <div className="quiet above">
      {say('boxedNote')} {pin !== undefined && say(pin === null ? 'notPinned' : 'pinned')}
    </div>
  );
}

export function Entrance({ onInside }: { onInside: () => void }) {
  const { say } = useWords();
  const [tab, setTab] = useState('login');
  const [isNew, setIsNew] = useState(false);
  const enrolled = () => {
    setIsNew(true);
    setTab('login');
  };
  const items = [
    { key: 'login', label: say('logIn'), children: <LoginForm onInside={onInside} /> },
    { key: 'enrol', label: say('firstTime'), children: <EnrolForm onEnrolled={enrolled} /> },
    { key: 'key', label: say('signingKey'), children: <SigningKeyForNewcomer /> },
  ];
  return (
    <Layout.Content>
      <div className="door">
        <div className="tagline">{say('tagline')}</div>
        <Card>
          {isNew && <Alert className="below" type="success" showIcon title={say('enrolled')} />}
          <Tabs items={items} activeKey={tab} onChange={setTab} destroyOnHidden />
          <PinNote />
        </Card>
      </div>
    </Layout.Content>
  );
}
