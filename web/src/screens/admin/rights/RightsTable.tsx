import { Check } from 'lucide-react';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { Role } from '../../../api/types';
import { useServerText, useText } from '../../../i18n/I18n';
import { has, isMarked, type Marks } from './marks';
import { grouped, type Right, useRightText } from './rights';
import css from './rights.module.css';

interface Props {
  readonly roles: readonly Role[];
  readonly rights: readonly Right[];
  readonly marks: Marks;
  readonly onMark: (role: Role, right: string, wanted: boolean) => void;
}

/**
 * Roles in columns, the domain's own first, and rights in rows. Both headings stay where they are when
 * it is scrolled.
 */
export function RightsTable({ roles: all, rights, marks, onMark }: Props) {
  const t = useText();
  const says = useServerText();
  const groups = useMemo(() => grouped(rights), [rights]);
  const own = all.filter((it) => !it.is_built_in);
  const roles = [...own, ...all.filter((it) => it.is_built_in)];
  const table = useRef<HTMLTableElement>(null);
  const keys = groups.flatMap((group) =>
    group.rights.filter((it) => it.is_mine).map((it) => it.code),
  );
  const { tabStop, onFocus, onKeyDown } = useArrows(table, own, keys);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled is scrolled by the keyboard, too
    <section className={css.scroll} tabIndex={0} aria-label={t('admin.section.rights')}>
      <table ref={table} className={css.table} onKeyDown={onKeyDown}>
        <thead>
          <tr>
            <th scope="col" className={css.corner}>
              {t('admin.rights.right')}
            </th>
            {roles.map((role) => (
              <th key={role.id} scope="col">
                <bdi>{says(role.title)}</bdi>
                <span className={css.kind}>
                  {t(role.is_built_in ? 'admin.roles.builtIn' : 'admin.roles.own')}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody key={group.label}>
            <tr className={css.group}>
              <th scope="rowgroup" colSpan={roles.length + 1}>
                <span>{t(group.label)}</span>
              </th>
            </tr>
            {group.rights.map((right) => (
              <RightRow
                key={right.code}
                right={right}
                roles={roles}
                marks={marks}
                tabStop={tabStop}
                onMark={onMark}
                onFocus={onFocus}
              />
            ))}
          </tbody>
        ))}
      </table>
    </section>
  );
}

interface RowProps extends Omit<Props, 'rights'> {
  readonly right: Right;
  /** The one cell that the tab key comes to. */
  readonly tabStop: string | undefined;
  readonly onFocus: (cell: string) => void;
}

function RightRow({ right, roles, marks, tabStop, onMark, onFocus }: RowProps) {
  const t = useText();
  const says = useServerText();
  const words = useRightText()(right.code);
  return (
    <tr>
      <th scope="row" title={right.code}>
        {words}
      </th>
      {roles.map((role) => {
        const isOn = has(marks, role, right.code);
        const cell = cellOf(role.id, right.code);
        if (role.is_built_in || !right.is_mine) {
          const why = role.is_built_in ? undefined : t('admin.rights.notMine');
          return (
            <td key={role.id} title={why}>
              {isOn && <Check size={16} aria-hidden />}
              <span className="visually-hidden">
                {t(isOn ? 'admin.rights.has' : 'admin.rights.hasNot')}
              </span>
            </td>
          );
        }
        return (
          <td key={role.id} data-marked={isMarked(marks, role, right.code) || undefined}>
            <label className={css.cell}>
              <input
                type="checkbox"
                data-cell={cell}
                tabIndex={cell === tabStop ? 0 : -1}
                aria-label={t('admin.rights.cell', { right: words, role: says(role.title) })}
                checked={isOn}
                onFocus={() => onFocus(cell)}
                onChange={(event) => onMark(role, right.code, event.target.checked)}
              />
            </label>
          </td>
        );
      })}
    </tr>
  );
}

const cellOf = (role: string, right: string): string => `${role} ${right}`;

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The tab key comes to one checkbox, arrows lead on from there. */
function useArrows(
  table: { readonly current: HTMLTableElement | null },
  own: readonly Role[],
  keys: readonly string[],
) {
  const [focused, setFocused] = useState<string>();
  const cells = own.flatMap((role) => keys.map((right) => cellOf(role.id, right)));
  const tabStop = focused !== undefined && cells.includes(focused) ? focused : cells[0];
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const from = (event.target as HTMLElement).dataset.cell;
    if (!step || from === undefined) return;
    event.preventDefault();
    const at = cells.indexOf(from);
    const [column, row] = [Math.floor(at / keys.length) + step[0], (at % keys.length) + step[1]];
    const role = own[column];
    const right = keys[row];
    if (!role || right === undefined) return;
    table.current
      ?.querySelector<HTMLElement>(`[data-cell="${CSS.escape(cellOf(role.id, right))}"]`)
      ?.focus();
  };
  return { tabStop, onFocus: setFocused, onKeyDown };
}
