// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import { renderScreen } from '../testing/render';
import type { GridColumn } from './columns';
import { DataGrid } from './DataGrid';
import { NOTHING, type Selection } from './selection';
import type { SortKey } from './state';

interface Phone {
  readonly id: string;
  readonly name: string;
}

test('is a grid that says how many rows there are, not how many are drawn', () => {
  renderScreen(<Grid rows={phones(5000)} />);

  const grid = screen.getByRole('grid', { name: 'Внутренние номера пользователей' });
  expect(grid.getAttribute('aria-rowcount')).toBe('5001');
  expect(screen.getAllByRole('row').length).toBeLessThan(60);
  expect(row('1000').getAttribute('aria-rowindex')).toBe('2');
});

test('one Tab goes in, arrows move, Space selects, Shift stretches, Enter opens', async () => {
  const user = userEvent.setup();
  const onOpen = vi.fn();
  renderScreen(<Grid rows={phones(50)} onOpen={onOpen} />);

  row('1000').focus();
  await user.keyboard('{ArrowDown}');
  expect(document.activeElement).toBe(row('1001'));
  await user.keyboard(' ');
  expect(selectedRows()).toEqual(['1001']);
  await user.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
  expect(selectedRows()).toEqual(['1001', '1002', '1003']);
  await user.keyboard('{Enter}');

  expect(onOpen).toHaveBeenCalledExactlyOnceWith({ id: '1003', name: 'Имя 3' });
});

test('there is one tab stop among the rows, and it follows the focus', async () => {
  const user = userEvent.setup();
  renderScreen(<Grid rows={phones(50)} />);

  row('1000').focus();
  await user.keyboard('{ArrowDown}{ArrowDown}');

  const stops = screen.getAllByRole('row').filter((it) => it.tabIndex === 0);
  expect(stops).toEqual([row('1002')]);
});

test('End goes to the last row, which is drawn for it, and Home back', async () => {
  const user = userEvent.setup();
  renderScreen(<Grid rows={phones(5000)} />);

  row('1000').focus();
  await user.keyboard('{End}');
  expect(document.activeElement?.getAttribute('data-row')).toBe('5999');
  await user.keyboard('{PageUp}');
  expect(document.activeElement?.getAttribute('data-row')).toBe('5975');
  await user.keyboard('{Home}');

  expect(document.activeElement).toBe(row('1000'));
});

test('Ctrl+A takes all rows, also those that are not drawn', async () => {
  const user = userEvent.setup();
  const onSelection = vi.fn();
  renderScreen(<Grid rows={phones(300)} onSelection={onSelection} />);

  row('1000').focus();
  await user.keyboard('{Control>}a{/Control}');

  expect(onSelection.mock.lastCall?.[0].selected.size).toBe(300);
});

test('a header asks for a sort, with Shift for a further key; one that cannot is no button', async () => {
  const user = userEvent.setup();
  const onSort = vi.fn();
  renderScreen(
    <Grid rows={phones(3)} sort={[{ field: 'number', descending: true }]} onSort={onSort} />,
  );

  const number = screen.getByRole('columnheader', { name: 'Внутренние номера' });
  expect(number.getAttribute('aria-sort')).toBe('descending');
  await user.click(within(number).getByRole('button'));
  await user.keyboard('{Shift>}');
  await user.click(within(number).getByRole('button'));

  expect(onSort.mock.calls).toEqual([
    ['number', false],
    ['number', true],
  ]);
  expect(
    within(screen.getByRole('columnheader', { name: 'Статус' })).queryByRole('button'),
  ).toBeNull();
});

test('a cell flashes when its text changes, and anew when it changes again', () => {
  const { show: render } = renderScreen(<Grid rows={[{ id: '1000', name: 'Свободен' }]} />);
  const cell = () => screen.getAllByRole('gridcell')[1] as HTMLElement;
  expect(cell().dataset.flash).toBeUndefined();

  const show = (name: string) => render(<Grid rows={[{ id: '1000', name }]} />);
  show('Разговор');
  const first = cell().dataset.flash;
  show('Свободен');

  expect(first).toBe('odd');
  expect(cell().dataset.flash).toBe('even');
});

test('hostile names are text', () => {
  const hostile = ['<img src=x onerror="alert(1)">', '\u202Eeman\u202C', 'Ы'.repeat(300)];
  renderScreen(<Grid rows={hostile.map((name, index) => ({ id: String(index), name }))} />);

  for (const name of hostile) {
    expect(screen.getByText(name, { normalizer: (text) => text }).tagName).toBe('BDI');
  }
  expect(document.querySelector('img')).toBeNull();
});

test('while rows are on their way it is busy and shows none', () => {
  renderScreen(<Grid rows={[]} phase="loading" />);

  expect(screen.getByRole('grid').getAttribute('aria-busy')).toBe('true');
  expect(screen.queryByText('пусто')).toBeNull();
});

test('an empty list says so', () => {
  renderScreen(<Grid rows={[]} />);

  expect(screen.getByText('пусто')).toBeTruthy();
});

test('the next page is asked for before the end is seen, and once', () => {
  const onNearEnd = vi.fn();
  renderScreen(<Grid rows={phones(200)} onNearEnd={onNearEnd} />);
  expect(onNearEnd).not.toHaveBeenCalled();

  const grid = screen.getByRole('grid');
  grid.scrollTop = 6000;
  fireEvent.scroll(grid);

  expect(onNearEnd).toHaveBeenCalledTimes(1);
});

const COLUMNS: readonly GridColumn<Phone>[] = [
  { id: 'number', label: 'menu.extensions', text: (it) => it.id, width: 100, sortField: 'number' },
  { id: 'name', label: 'menu.status', text: (it) => it.name, width: 200, isWide: true },
];

interface GridProps {
  readonly rows: readonly Phone[];
  readonly onOpen?: (row: Phone) => void;
  readonly onSelection?: (selection: Selection) => void;
  readonly onSort?: (field: string, add: boolean) => void;
  readonly onNearEnd?: () => void;
  readonly sort?: readonly SortKey[];
  readonly phase?: 'loading' | 'ready';
}

function Grid(props: GridProps) {
  const [selection, setSelection] = useState<Selection>(NOTHING);
  return (
    <DataGrid
      label="Внутренние номера пользователей"
      columns={COLUMNS}
      widths={{}}
      rows={props.rows}
      idOf={idOf}
      total={props.rows.length}
      phase={props.phase ?? 'ready'}
      empty="пусто"
      sort={props.sort ?? []}
      onSort={props.onSort ?? (() => {})}
      onResize={() => {}}
      selection={selection}
      onSelection={(next) => {
        props.onSelection?.(next);
        setSelection(next);
      }}
      {...(props.onOpen && { onOpen: props.onOpen })}
      {...(props.onNearEnd && { onNearEnd: props.onNearEnd })}
    />
  );
}

const idOf = (phone: Phone) => phone.id;

function phones(count: number): Phone[] {
  return Array.from({ length: count }, (_, index) => ({
    id: String(1000 + index),
    name: `Имя ${index}`,
  }));
}

function row(id: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-row="${id}"]`);
  if (!found) throw new Error(`row ${id} is not drawn`);
  return found;
}

function selectedRows(): string[] {
  return [...document.querySelectorAll('[aria-selected="true"]')].map(
    (it) => it.getAttribute('data-row') ?? '',
  );
}
