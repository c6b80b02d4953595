import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { api } from '../../api/client';
import { adoptSetting, putSetting } from '../../api/settings';
import {
  appearance,
  type Appearance as Look,
  setAppearance,
  subscribeToAppearance,
} from '../../app/appearance';
import { APPEARANCE } from '../../app/FollowSettings';
import { type Locale, useLocale, useText } from '../../i18n/I18n';
import { cx } from '../../ui/cx';
import segments from '../../ui/Segments.module.css';
import { useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';
import styles from './Profile.module.css';

/** Theme, density and language: shown at once, and kept on the server for the user's other machines. */
export function Appearance() {
  const t = useText();
  const says = useRefusalText();
  const queries = useQueryClient();
  const { locale, setLocale } = useLocale();
  const look = useSyncExternalStore(subscribeToAppearance, appearance);
  const onError = (error: unknown) => toast(says(error), 'missed');
  const keep = useMutation({
    mutationKey: APPEARANCE,
    mutationFn: ({ key, value }: { key: keyof Look; value: string }) => putSetting(key, value),
    // Known to this page at once: what is told of another setting meanwhile must not bring back the old one.
    onMutate: ({ key, value }) => adoptSetting(queries, key, value),
    onError,
  });
  const keepLocale = useMutation({
    mutationKey: APPEARANCE,
    mutationFn: (next: Locale) =>
      api.PUT('/me/locale', { body: { locale: next }, keepalive: true }),
    onSuccess: (_, next) =>
      queries.setQueryData(['me'], (me: object | undefined) => me && { ...me, locale: next }),
    onError,
  });
  const choose = (part: Partial<Look>) => {
    setAppearance(part);
    for (const [key, value] of Object.entries(part)) keep.mutate({ key: key as keyof Look, value });
  };

  return (
    <section className={styles.card} aria-labelledby="profile-appearance">
      <h2 id="profile-appearance">{t('profile.appearance')}</h2>
      <Choice
        label={t('profile.theme')}
        value={look.theme}
        options={[
          ['auto', t('theme.auto')],
          ['light', t('theme.light')],
          ['dark', t('theme.dark')],
        ]}
        onChange={(theme) => choose({ theme })}
      />
      <Choice
        label={t('profile.density')}
        value={look.density}
        options={[
          ['compact', t('density.compact')],
          ['normal', t('density.normal')],
          ['spacious', t('density.spacious')],
        ]}
        onChange={(density) => choose({ density })}
      />
      <Choice
        label={t('language.label')}
        value={locale}
        options={[
          ['ru', 'Русский'],
          ['en', 'English'],
        ]}
        onChange={(next) => {
          setLocale(next);
          keepLocale.mutate(next);
        }}
      />
    </section>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

/** One of a few, all in sight. */
function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <div className={styles.setting}>
      <span aria-hidden="true">{label}</span>
      <ToggleButtonGroup
        aria-label={label}
        className={cx(segments.group)}
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[value]}
        onSelectionChange={(keys) => {
          const [next] = keys;
          if (next !== undefined) onChange(next as T);
        }}
      >
        {options.map(([id, text]) => (
          <ToggleButton key={id} id={id} className={cx(segments.segment)}>
            {text}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
    </div>
  );
}
