import { useState } from 'react';
import { useText } from '../../i18n/I18n';
import { useLive } from '../../live/LiveContext';
import { Button } from '../../ui/Button';
import { LineBadge } from '../../ui/LineBadge';
import { EmptyState, Skeleton } from '../../ui/States';
import { MailboxForm } from '../mailbox/MailboxForm';
import { CallWaiting } from './CallWaiting';
import styles from './Profile.module.css';

/** «Мои телефонные линии»: where calls to the user ring, with each line's state as it changes. */
export function Lines() {
  const t = useText();
  const lines = useLive((it) => it.myLines);
  const isLoaded = useLive((it) => it.isLoaded);
  const [opened, setOpened] = useState<string>();
  const open = lines.find((it) => it.id === opened);
  const sorted = [...lines].sort((a, b) => a.number.localeCompare(b.number));

  return (
    <section className={styles.card} aria-labelledby="profile-lines">
      <h2 id="profile-lines">{t('profile.lines')}</h2>
      <p className={styles.note}>{t('profile.linesHow')}</p>
      {!isLoaded && <Skeleton rows={2} />}
      {isLoaded && lines.length === 0 && <EmptyState>{t('phone.noLine')}</EmptyState>}
      {lines.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col" aria-sort="ascending">
                {t('profile.lineNumber')} <span aria-hidden="true">↑</span>
              </th>
              <th scope="col">{t('profile.lineLogin')}</th>
              <th scope="col">{t('call.state')}</th>
              <th scope="col">{t('profile.callWaiting')}</th>
              <th scope="col">{t('mailbox.title')}</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((it) => (
              <tr key={it.id}>
                <td>{it.number}</td>
                <td>{it.sip_user}</td>
                <td>
                  <LineBadge status={it.status} />
                </td>
                <td>
                  <CallWaiting line={it.id} number={it.number} />
                </td>
                <td>
                  <Button
                    aria-label={t('mailbox.openOf', { number: it.number })}
                    onPress={() => setOpened(it.id)}
                  >
                    {t('mailbox.open')}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {open && (
        <section aria-label={t('mailbox.ofLine', { number: open.number })}>
          <h3>{t('mailbox.ofLine', { number: open.number })}</h3>
          <MailboxForm
            key={open.id}
            path={`/me/lines/${encodeURIComponent(open.id)}/mailbox`}
            onClose={() => setOpened(undefined)}
          />
        </section>
      )}
    </section>
  );
}
