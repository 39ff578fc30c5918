/** The page as a whole: who is here, in which language, looking at what. */
import { StyleProvider } from '@ant-design/cssinjs';
import { App, Button, ConfigProvider, Layout, Segmented, Spin, Tabs } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { useCallback, useEffect, useState } from 'react';
import { get, mayBeInside, post, setInside, speak } from './access/door.ts';
import { Entrance } from './access/entrance.tsx';
import { KeysPage } from './access/keys_page.tsx';
import { ProofProvider } from './access/proof.tsx';
import { RequestsPage } from './access/requests_page.tsx';
import { SessionsPage } from './access/sessions_page.tsx';
import type { Owner } from './access/secrets.ts';
import { theme } from './theme.ts';
import { firstLanguage, keepLanguage, type Language, languageTag, Speak, useWords } from './words.tsx';

export interface Person extends Owner {
  roles: string;
}

interface WhoAmI {
  principal: string;
  tenant: string;
  roles: string;
}

/** undefined: not known yet; null: nobody. */
function usePerson() {
  const [person, setPerson] = useState<Person | null | undefined>();
  const look = useCallback(async () => {
    try {
      const who = await get<WhoAmI>('whoami');
      setInside(true);
      setPerson({ tenant: who.tenant, name: who.principal, roles: who.roles });
    } catch {
      setInside(false);
      setPerson(null);
    }
  }, []);
  const leave = useCallback(() => {
    setInside(false);
    setPerson(null);
  }, []);
  useEffect(() => {
    if (mayBeInside()) void look();
    else setPerson(null);
  }, [look]);
  return { person, look, leave };
}

function Bar({ person, onLanguage, onLeave }: {
  person: Person | null; onLanguage: (language: Language) => void; onLeave: () => void;
}) {
  const { say, language } = useWords();
  const options = [{ value: 'zh' as const, label: '中文' }, { value: 'en' as const, label: 'English' }];
  const logOut = () => void post('logout', {}).catch(() => undefined).finally(onLeave);
  return (
    <Layout.Header className="bar">
      <span className="mark"><img src="/tally.svg" alt="" /></span>
      <span className="title">{say('title')}</span>
      <span className="gap" />
      {person !== null && (
        <span className="who"><b>{person.name}</b> · {person.roles}</span>
      )}
      <Segmented<Language> options={options} value={language} onChange={onLanguage}
        aria-label={say('language')} />
      {person !== null && <Button id="logout" onClick={logOut}>{say('logOut')}</Button>}
    </Layout.Header>
  );
}

function Inside({ person, onOver }: { person: Person; onOver: () => void }) {
  const { say } = useWords();
  const [tab, setTab] = useState('requests');
  const tabs = (['requests', 'keys', 'sessions'] as const).map((key) => ({ key, label: say(key) }));
  return (
    <ProofProvider owner={person} onOver={onOver}>
      <div className="tabs"><Tabs items={tabs} activeKey={tab} onChange={setTab} /></div>
      <Layout.Content className="body">
        {tab === 'requests' && <RequestsPage owner={person} />}
        {tab === 'keys' && <KeysPage owner={person} />}
        {tab === 'sessions' && <SessionsPage />}
      </Layout.Content>
    </ProofProvider>
  );
}

function Content({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const { person, look, leave } = usePerson();
  return (
    <Layout className="page">
      <Bar person={person ?? null} onLanguage={onLanguage} onLeave={leave} />
      {person === undefined && <Spin className="door" />}
      {person === null && <Entrance onInside={() => void look()} />}
      {person && <Inside person={person} onOver={leave} />}
    </Layout>
  );
}

/** Where styles made at run time go: nowhere. The build made them all (vite.config.ts). */
const nowhere = document.createElement('div');

/** Not the body itself: then nothing needs to stop it from scrolling with a style of its own. */
function popups(): HTMLElement {
  return document.getElementById('popups') ?? document.body;
}

export function Page() {
  const [language, setLanguage] = useState(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = languageTag(language);
    speak(languageTag(language));
    keepLanguage(language);
  }, [language]);
  return (
    <StyleProvider container={nowhere}>
      <ConfigProvider theme={theme} locale={language === 'zh' ? zhCN : enUS}
        wave={{ disabled: true }} getPopupContainer={popups} button={{ autoInsertSpace: false }}>
        <App>
          <Speak language={language}>
            <Content onLanguage={setLanguage} />
          </Speak>
        </App>
      </ConfigProvider>
    </StyleProvider>
  );
}
