import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { ask } from '../../../api/ask';
import type { OutboundAlarm } from '../../../api/types';
import { useLocale, useServerText, useText } from '../../../i18n/I18n';
import { moment } from '../../../list/format';
import { useFollow } from '../../../live/useFollow';
import css from './health.module.css';

/** Who called outside more than it may, or what nobody may; nothing while there is nobody. */
export function OutboundAlarms() {
  const t = useText();
  const says = useServerText();
  const { locale } = useLocale();
  const id = useId();
  useFollow(KEY, 'alarms', 'outbound.alarm');
  const alarms = useQuery({
    queryKey: KEY,
    queryFn: async () =>
      (await ask<{ items: OutboundAlarm[] }>('get', '/admin/outbound-alarms')).items,
    retry: false,
  });
  if (!alarms.data?.length) return null;
  return (
    <section className={css.group} aria-labelledby={id}>
      <h2 id={id}>{t('admin.health.outboundAlarms')}</h2>
      <ul className={css.alarms}>
        {alarms.data.map((it) => (
          <li key={`${it.at} ${it.line} ${it.limit}`}>
            {`${moment(it.at, locale)}: ${it.line} → ${it.number}. ${says(it.text)}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

const KEY = ['admin', 'outbound-alarm'];
