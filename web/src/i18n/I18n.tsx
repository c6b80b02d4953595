import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { IntlProvider, useIntl } from 'react-intl';
import en from './en.json';
import ru from './ru.json';

export type Locale = 'ru' | 'en';
/** A text of both catalogues. */
export type TextId = keyof typeof ru;
/** A text that came from the server in both languages. */
export type ServerText = { readonly ru: string; readonly en: string };

const catalogues: Record<Locale, Record<TextId, string>> = { ru, en };
const STORED = 'tandem.locale';

const LocaleContext = createContext<{ locale: Locale; setLocale: (locale: Locale) => void }>({
  locale: 'ru',
  setLocale: () => {},
});

/** Gives everything below its language, and remembers the choice in this browser. */
export function I18n({ children, initial }: { children: ReactNode; initial?: Locale }) {
  const [locale, setState] = useState<Locale>(initial ?? storedLocale);
  const setLocale = useCallback((next: Locale) => {
    localStorage.setItem(STORED, next);
    setState(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = locale;
  }, [locale]);

  return (
    <LocaleContext value={{ locale, setLocale }}>
      <IntlProvider locale={locale} messages={catalogues[locale]} defaultLocale="ru">
        <I18nProvider locale={locale === 'ru' ? 'ru-RU' : 'en-GB'}>{children}</I18nProvider>
      </IntlProvider>
    </LocaleContext>
  );
}

/** The language in use, and how to change it. */
export const useLocale = () => useContext(LocaleContext);

/** `t('id', values)`: the text in the user's language, with ICU plurals. */
export function useText() {
  const intl = useIntl();
  return useCallback(
    (id: TextId, values?: Record<string, string | number | Date>) =>
      intl.formatMessage({ id }, values),
    [intl],
  );
}

/** Picks the user's language of a text that the server holds in both. */
export function useServerText() {
  const { locale } = useLocale();
  return useCallback((text: ServerText) => text[locale], [locale]);
}

/** The language chosen in this browser, else the browser's own, else Russian. */
export function storedLocale(): Locale {
  const stored = localStorage.getItem(STORED);
  if (stored === 'ru' || stored === 'en') return stored;
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'ru';
}
