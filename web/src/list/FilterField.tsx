import { useText } from '../i18n/I18n';
import type { GridFilter } from './columns';
import { SearchBox } from './SearchBox';
import { SEARCH_LENGTH_MAX } from './state';
import css from './Toolbar.module.css';

interface Props {
  readonly filter: GridFilter;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** One filter: a choice for codes, else a text that takes effect when typing pauses. */
export function FilterField({ filter, value, onChange }: Props) {
  const t = useText();
  const label = t(filter.label);
  if (!filter.options) {
    return (
      <SearchBox
        label={label}
        placeholder={label}
        value={value}
        onChange={onChange}
        lengthMax={SEARCH_LENGTH_MAX}
      />
    );
  }
  return (
    <select
      className={css.field}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{t('list.choose')}</option>
      {filter.options.map((code) => (
        <option key={code} value={code}>
          {filter.optionLabel?.(code) ?? code}
        </option>
      ))}
    </select>
  );
}
