import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { type Locale, useLocale, useText } from '../../i18n/I18n';
import { cx } from '../../ui/cx';
import segments from '../../ui/Segments.module.css';

/** RU | EN, in this browser; before a sign-in, too. */
export function LanguageSwitch({ onChange }: { onChange?: (locale: Locale) => void }) {
  const t = useText();
  const { locale, setLocale } = useLocale();

  return (
    <ToggleButtonGroup
      aria-label={t('language.label')}
      className={cx(segments.group)}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[locale]}
      onSelectionChange={([key]) => {
        const next = key === 'en' ? 'en' : 'ru';
        setLocale(next);
        onChange?.(next);
      }}
    >
      <ToggleButton id="ru" className={cx(segments.segment)} aria-label="Русский">
        RU
      </ToggleButton>
      <ToggleButton id="en" className={cx(segments.segment)} aria-label="English">
        EN
      </ToggleButton>
    </ToggleButtonGroup>
  );
}
