import { EllipsisVertical } from 'lucide-react';
import { type ComponentType, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { useText } from '../i18n/I18n';
import { cx } from '../ui/cx';
import css from './Toolbar.module.css';

/** A button of a toolbar, or an item of its menu ⋮ when there is no room. */
export interface Action {
  readonly id: string;
  readonly label: string;
  readonly icon?: ComponentType<{ size: number; 'aria-hidden': true }>;
  readonly onPress: () => void;
  readonly isDisabled?: boolean;
  /** Said on hover; why a disabled button is disabled. */
  readonly hint?: string;
  /** For a button that stays pressed. */
  readonly isPressed?: boolean;
  /** Lives in the menu even where there is room. */
  readonly isMenuOnly?: boolean;
}

/** Actions in a row; those that do not fit go to the menu ⋮, the last ones first. */
export function OverflowBar({ label, actions }: { label: string; actions: readonly Action[] }) {
  const t = useText();
  const bar = useRef<HTMLDivElement>(null);
  const barred = actions.filter((it) => !it.isMenuOnly);
  const { room, needed } = useRoom(bar, barred, barred.length < actions.length);
  const menu = [...barred.slice(room), ...actions.filter((it) => it.isMenuOnly)];

  return (
    <div
      ref={bar}
      role="toolbar"
      aria-label={label}
      className={css.overflow}
      style={{ flexBasis: needed }}
    >
      {barred.slice(0, room).map((it) => (
        <ActionButton key={it.id} action={it} />
      ))}
      {menu.length > 0 && (
        <MenuTrigger>
          <Button className={cx(css.button, css.icon)} aria-label={t('list.more')}>
            <EllipsisVertical size={16} aria-hidden />
          </Button>
          <Popover className={css.popover ?? ''} placement="bottom end">
            <Menu
              className={css.menu ?? ''}
              aria-label={t('list.more')}
              disabledKeys={menu.filter((it) => it.isDisabled).map((it) => it.id)}
              onAction={(id) => menu.find((it) => it.id === id)?.onPress()}
            >
              {menu.map(({ id, label: text, icon: Icon }) => (
                <MenuItem key={id} id={id} textValue={text} className={css.menuItem ?? ''}>
                  {Icon ? <Icon size={16} aria-hidden /> : <span />}
                  {text}
                </MenuItem>
              ))}
            </Menu>
          </Popover>
        </MenuTrigger>
      )}
    </div>
  );
}

function ActionButton({ action }: { action: Action }) {
  const { icon: Icon, label, hint, isDisabled, isPressed, onPress } = action;
  return (
    <button
      type="button"
      className={css.button}
      data-action={action.id}
      title={hint}
      disabled={isDisabled}
      aria-pressed={isPressed}
      onClick={onPress}
    >
      {Icon && <Icon size={16} aria-hidden />}
      {label}
    </button>
  );
}

interface Room {
  /** How many buttons fit. */
  readonly room: number;
  /** The width in which all would: what is beyond it is for others. */
  readonly needed: number | undefined;
}

/**
 * Counts the buttons that fit. A width is learnt while the button is shown and kept by its label, so
 * a bar with a button never seen shows all of them for one layout pass.
 */
function useRoom(
  bar: RefObject<HTMLDivElement | null>,
  actions: readonly Action[],
  hasMenu: boolean,
): Room {
  const widths = useRef(new Map<string, number>());
  const [space, setSpace] = useState(0);
  const [room, setRoom] = useState(actions.length);
  const [needed, setNeeded] = useState<number>();
  const labels = actions.map((it) => it.label);

  useLayoutEffect(() => {
    const place = bar.current;
    if (!place) return undefined;
    const measure = () => setSpace(place.clientWidth);
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(place);
    return () => sizes.disconnect();
  }, [bar]);

  useLayoutEffect(() => {
    for (const button of bar.current?.querySelectorAll<HTMLElement>('[data-action]') ?? []) {
      widths.current.set(button.textContent ?? '', button.offsetWidth);
    }
    const areKnown = labels.every((it) => widths.current.has(it));
    setRoom(areKnown ? fitting(labels, widths.current, space, hasMenu) : labels.length);
    const all = totalOf(labels, widths.current) + (hasMenu ? MENU_BUTTON : 0);
    // Each width may have been rounded down.
    setNeeded(areKnown && all > 0 ? all + labels.length + PADDING : undefined);
  });

  return { room: Math.min(room, actions.length), needed };
}

const GAP = 4;
const MENU_BUTTON = 36;
/** Of the bar, on both sides. */
const PADDING = 6;

const totalOf = (names: readonly string[], widths: ReadonlyMap<string, number>): number =>
  names.reduce((sum, it) => sum + (widths.get(it) ?? 0) + GAP, -GAP);

function fitting(
  names: readonly string[],
  widths: ReadonlyMap<string, number>,
  space: number,
  hasMenu: boolean,
): number {
  // Nothing is laid out, as in a test without a browser: show all.
  if (space === 0) return names.length;
  const total = totalOf(names, widths);
  if (total + (hasMenu ? MENU_BUTTON : 0) <= space) return names.length;
  let used = MENU_BUTTON;
  let count = 0;
  for (const name of names) {
    used += (widths.get(name) ?? 0) + GAP;
    if (used > space) break;
    count += 1;
  }
  return count;
}
