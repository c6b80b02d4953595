import type { Mistake } from '../../../api/types';
import { useServerText, useText } from '../../../i18n/I18n';
import css from './dialplans.module.css';

interface Props {
  readonly id: string;
  /** The open file. */
  readonly name: string;
  /** `undefined` while they are not known. */
  readonly mistakes: readonly Mistake[] | undefined;
  /** Why they could not be asked for. */
  readonly failure: string | undefined;
  readonly onGo: (mistake: Mistake) => void;
}

/** How the check went, and each mistake as a way to its line. */
export function MistakeList({ id, name, mistakes, failure, onGo }: Props) {
  const t = useText();
  const inMyLanguage = useServerText();
  const verdict =
    failure ??
    (mistakes === undefined
      ? t('admin.plans.checking')
      : t(mistakes.length === 0 ? 'admin.plans.noMistakes' : 'admin.plans.mistakes', {
          count: mistakes.length,
        }));
  const quality = qualityOf(mistakes, failure);
  return (
    <section className={css.mistakes} aria-label={t('admin.plans.verdict')}>
      <p id={id} role="status" className={css.verdict} data-verdict={quality}>
        {verdict}
      </p>
      {mistakes !== undefined && mistakes.length > 0 && (
        <ul>
          {mistakes.map((it) => (
            <li key={`${it.file}:${it.line}:${it.key}:${it.message.en}`}>
              <button type="button" onClick={() => onGo(it)} disabled={it.line < 1}>
                <span>{placeOf(it, name, t)}</span>
                {it.key !== '' && <code>{it.key}</code>}
                <span>{inMyLanguage(it.message)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function qualityOf(
  mistakes: readonly Mistake[] | undefined,
  failure: string | undefined,
): 'good' | 'bad' | undefined {
  if (failure !== undefined) return 'bad';
  return mistakes && (mistakes.length === 0 ? 'good' : 'bad');
}

function placeOf(it: Mistake, name: string, t: ReturnType<typeof useText>): string {
  if (it.line < 1) return it.file;
  const line = t('admin.plans.line', { line: it.line });
  return it.file === name ? line : `${it.file}, ${line}`;
}
