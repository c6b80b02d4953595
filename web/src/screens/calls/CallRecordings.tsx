import type { Recording } from '../../api/types';
import { useSession } from '../../app/session';
import { useLocale, useText } from '../../i18n/I18n';
import { moment } from '../../list/format';
import { duration } from '../../ui/duration';
import css from './calls.module.css';

/** What was recorded of a call, to be heard by who may; nothing where nothing was. */
export function CallRecordings({
  recordings,
  plays = false,
}: {
  readonly recordings: readonly Recording[];
  /** Whether the last one begins by itself. */
  readonly plays?: boolean;
}) {
  const t = useText();
  const { may } = useSession();
  if (recordings.length === 0) return null;
  return (
    <section>
      <h2>{t('calls.recordings')}</h2>
      <ul className={css.recordings}>
        {recordings.map((it, index) => (
          <li key={it.id}>
            <Caption recording={it} />
            {it.state !== 'expired' && may('recordings.listen') && (
              // biome-ignore lint/a11y/useMediaCaption: nobody has written down what is said
              <audio
                aria-label={t('calls.play')}
                controls
                preload="none"
                autoPlay={plays && index === recordings.length - 1}
                src={`/api/v1/recordings/${it.id}/audio`}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Caption({ recording }: { readonly recording: Recording }) {
  const t = useText();
  const { locale } = useLocale();
  const note =
    recording.state === 'expired'
      ? t('calls.recording.expired')
      : recording.state === 'cut_off'
        ? t('calls.recording.cutOff')
        : '';
  return (
    <p>
      {[moment(recording.started_at, locale), duration(recording.duration_ms), note]
        .filter(Boolean)
        .join(' · ')}
    </p>
  );
}
