import { useRef } from 'react';
import type { Extension } from '../../api/types';
import { useText } from '../../i18n/I18n';
import { useFrames, useLive, useTopic } from '../../live/LiveContext';
import type { FrameData } from '../../live/protocol';
import type { Connection, LiveState } from '../../live/store';
import { toast } from '../../ui/toasts';

/**
 * The phones of the domain by number. The same array until a phone comes, goes or is renamed: states
 * change a hundred times a second and are shown past React.
 */
export function usePhones(): readonly Extension[] {
  useTopic('lines');
  const known = useRef<readonly Extension[]>([]);
  return useLive(({ extensions }) => {
    if (!isSameSet(known.current, extensions)) {
      known.current = [...extensions.values()].sort((a, b) => byNumber.compare(a.number, b.number));
    }
    return known.current;
  });
}

/** Since when the server cannot be reached; `undefined` while what is shown is true. */
export function useStaleSince(): number | undefined {
  return useLive(({ connection }: LiveState) => staleSince(connection));
}

/** A short loss is not shown: nothing on the screen is old by then. */
export function staleSince({ phase, lostAt }: Connection): number | undefined {
  return phase === 'offline' || phase === 'signed_out' || phase === 'taken_over'
    ? lostAt
    : undefined;
}

/** Says which number was taken away while its list is looked at. */
export function useRemovedPhones(): void {
  const t = useText();
  useFrames('line.removed', ({ d }) => {
    const { number } = d as FrameData['line.removed'];
    toast(t('phones.removed', { number }), 'off');
  });
}

/** How many phones could take a call. */
export function useFreeCount(): number {
  return useLive(({ extensions }) => {
    let free = 0;
    for (const { status } of extensions.values()) if (status === 'idle') free += 1;
    return free;
  });
}

function isSameSet(
  known: readonly Extension[],
  extensions: ReadonlyMap<string, Extension>,
): boolean {
  return (
    known.length === extensions.size &&
    known.every((it) => {
      const now = extensions.get(it.id);
      return now?.number === it.number && now?.name === it.name;
    })
  );
}

const byNumber = new Intl.Collator(undefined, { numeric: true });
