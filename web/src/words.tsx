/** What the page says, in Chinese and English. */
import { createContext, type ReactNode, useContext } from 'react';
import { dictionary, type Word } from './dictionary.ts';

export type Language = 'zh' | 'en';

const LanguageContext = createContext<Language>('zh');

export function languageTag(language: Language): string {
  return language === 'zh' ? 'zh-CN' : 'en';
}

/** The one of last time, else the browser's own. */
export function firstLanguage(): Language {
  const kept = localStorage.getItem('hufu-language');
  if (kept === 'zh' || kept === 'en') return kept;
  return navigator.language.startsWith('zh') ? 'zh' : 'en';
}

export function keepLanguage(language: Language): void {
  localStorage.setItem('hufu-language', language);
}

export function Speak({ language, children }: { language: Language; children: ReactNode }) {
  return <LanguageContext.Provider value={language}>{children}</LanguageContext.Provider>;
}

export interface Words {
  language: Language;
  say: (word: Word) => string;
  when: (milliseconds: number) => string;
}

export function useWords(): Words {
  const language = useContext(LanguageContext);
  const style = { dateStyle: 'medium', timeStyle: 'short' } as const;
  const format = new Intl.DateTimeFormat(languageTag(language), style);
  return {
    language,
    say: (word) => dictionary[word][language],
    when: (milliseconds) => format.format(new Date(milliseconds)),
  };
}
