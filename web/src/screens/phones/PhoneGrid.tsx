import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Extension } from '../../api/types';
import { useText } from '../../i18n/I18n';
import { useLiveConnection } from '../../live/LiveContext';
import { cx } from '../../ui/cx';
import { autofit } from './autofit';
import { type CellStyles, PhoneCells } from './cells';
import css from './phones.module.css';

interface Props {
  /** The phones to show, in order; their states come from the live store, past React. */
  readonly phones: readonly Extension[];
  readonly label: string;
  readonly gap: number;
  readonly hasGlyphs: boolean;
  /** Whether what is shown may be old: then no cell keeps its colour. */
  readonly isStale: boolean;
  readonly onPress?: (id: string, cell: HTMLElement) => void;
}

/** Cells that fill the place they are given, without scrolling. */
export function PhoneGrid({ phones, label, gap, hasGlyphs, isStale, onPress }: Props) {
  const t = useText();
  const { store } = useLiveConnection();
  const place = useRef<HTMLDivElement>(null);
  const cells = useRef<PhoneCells>(undefined);
  const size = useSize(place);
  const press = useRef(onPress);
  press.current = onPress;
  const isPressable = onPress !== undefined;

  useLayoutEffect(() => {
    if (!place.current) return undefined;
    const made = new PhoneCells(place.current, {
      styles: css as Record<string, string> as unknown as CellStyles,
      labelOf: (phone) =>
        [phone.number, phone.name, t(`line_status.${phone.status}`)].filter(Boolean).join(', '),
      ...(isPressable && { onPress: (id, cell) => press.current?.(id, cell) }),
    });
    cells.current = made;
    return () => made.close();
  }, [t, isPressable]);

  useLayoutEffect(() => {
    const fit = autofit(phones.length, { ...size, gap });
    const current = store.snapshot().extensions;
    cells.current?.arrange(
      phones.map((it) => current.get(it.id) ?? it),
      fit,
    );
    // The cells are made anew with the language.
  }, [phones, size, gap, store]);

  useEffect(
    () => store.subscribe(() => cells.current?.update(store.snapshot().extensions)),
    [store],
  );

  return (
    <div
      ref={place}
      className={cx(css.cells, hasGlyphs && css.withGlyphs, isStale && css.stale)}
      style={{ gap }}
      role={isPressable ? 'group' : 'list'}
      aria-label={label}
    />
  );
}

function useSize(place: React.RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      setSize((it) => (it.width === width && it.height === height ? it : { width, height }));
    };
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [place]);
  return size;
}
