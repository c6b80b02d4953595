import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { useText } from '../i18n/I18n';
import { glyphOf } from './Badge';
import { IconButton } from './Button';
import styles from './NotificationToast.module.css';
import { closeToast, shownToasts, subscribeToToasts } from './toasts';

/** The corner where `toast()` shows; read out without taking the focus. */
export function NotificationToasts() {
  const t = useText();
  const toasts = useSyncExternalStore(subscribeToToasts, shownToasts);

  return (
    <section
      className={styles.corner}
      aria-live="polite"
      aria-label={t('toast.region')}
      data-react-aria-top-layer="true"
    >
      {toasts.map((it) => (
        <div key={it.id} className={styles.toast} data-tone={it.tone}>
          <span aria-hidden="true" className={styles.glyph}>
            {glyphOf(it.tone)}
          </span>
          <p>{it.text}</p>
          <IconButton icon={X} label={t('toast.close')} onPress={() => closeToast(it.id)} />
        </div>
      ))}
    </section>
  );
}
