// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Extension, LineStatus } from '../../api/types';
import { fakeServer } from '../../testing/fakeServer';
import { renderLive } from '../../testing/live';
import Extensions from './Extensions';
import PhonePanel from './PhonePanel';
import { Wall } from './Wall';

const server = fakeServer();

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1904);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(1020);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('numbers have the exact columns and states, and a call is seen at once', async () => {
  const live = await renderLive(server, <Extensions />, { extensions: PHONES });
  await screen.findByText('Иванова');

  expect(screen.getByRole('heading', { name: 'Внутренние номера пользователей' })).toBeTruthy();
  expect(headers()).toEqual(['Номер', 'Имя', 'Состояние']);
  expect(rows()).toEqual(['999 Петров Отключен', '1001 Иванова Свободен', '1002 Вызов']);

  await live.says('line.status', 'line:e1', changed('e1', '1001', 'talking'));

  expect(rows()[1]).toBe('1001 Иванова Разговор');
});

test('in English the columns and states are English', async () => {
  await renderLive(server, <Extensions />, { extensions: PHONES, locale: 'en' });
  await screen.findByText('Иванова');

  expect(headers()).toEqual(['Number', 'Name', 'State']);
  expect(rows()[1]).toContain('Free');
});

test('a search narrows the list, and calling is honest about not being there', async () => {
  await renderLive(server, <Extensions />, { extensions: PHONES });
  await screen.findByText('Иванова');

  await userEvent.type(screen.getByRole('searchbox', { name: 'Поиск' }), 'петр{Enter}');

  await waitFor(() => expect(rows()).toEqual(['999 Петров Отключен']));
  const call = screen.getByRole('button', { name: 'ПОЗВОНИТЬ' });
  expect(call).toHaveProperty('disabled', true);
  expect(call.title).not.toBe('');
});

test('on the panel only the cell that changed is touched', async () => {
  const live = await renderLive(server, <PhonePanel />, { extensions: PHONES });
  const cell = await screen.findByRole('button', { name: '1001, Иванова, Свободен' });
  const others = screen.getAllByRole('button').filter((it) => it !== cell && it.dataset.id);
  const touched = new Set<Node>();
  const observer = new MutationObserver((records) => {
    for (const it of records) touched.add(it.target);
  });
  for (const it of [cell, ...others]) observer.observe(it, { attributes: true, subtree: true });

  await live.says('line.status', 'line:e1', changed('e1', '1001', 'talking'));

  await waitFor(() => expect(cell.dataset.tone).toBe('talk'));
  expect([...touched]).toEqual([cell]);
  expect(screen.getByText('Свободно 0 из 3')).toBeTruthy();
});

test('arrows go from cell to cell, and one is the tab stop', async () => {
  const user = userEvent.setup();
  await renderLive(server, <PhonePanel />, { extensions: PHONES });
  const first = await screen.findByRole('button', { name: '999, Петров, Отключен' });

  first.focus();
  await user.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}');

  expect(document.activeElement?.getAttribute('aria-label')).toBe('1002, Вызов');
  const stops = screen.getAllByRole('button').filter((it) => it.dataset.id && it.tabIndex === 0);
  expect(stops).toEqual([document.activeElement]);
});

test('a cell opens to number, name and state; the name is text whatever it holds', async () => {
  const hostile = '<img src=x onerror="alert(1)">';
  await renderLive(server, <PhonePanel />, {
    extensions: [phone('e9', '1009', hostile, 'idle')],
  });

  await userEvent.click(await screen.findByRole('button', { name: /1009/ }));

  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText(hostile)).toBeTruthy();
  expect(document.querySelector('img')).toBeNull();
});

test('the wall is looked at only, and says how many are free', async () => {
  await renderLive(server, <Wall />, { extensions: PHONES });

  expect(await screen.findByText('Свободно 1 из 3')).toBeTruthy();
  const wall = screen.getByRole('list', { name: 'Панель телефонов' });
  expect(
    within(wall)
      .getAllByRole('listitem')
      .map((it) => it.getAttribute('aria-label')),
  ).toEqual(['999, Петров, Отключен', '1001, Иванова, Свободен', '1002, Вызов']);
  expect(within(wall).queryByRole('button')).toBeNull();
});

test('without the server every cell is hatched and the wall says since when', async () => {
  const live = await renderLive(server, <Wall />, { extensions: PHONES });
  await screen.findByText('Свободно 1 из 3');
  const wall = screen.getByRole('list', { name: 'Панель телефонов' });
  expect(wall.className).not.toMatch(/stale/);

  await live.breaks();

  expect((await screen.findByRole('alert', {}, SLOW)).textContent).toMatch(
    /^Нет связи с сервером с \d\d:\d\d$/,
  );
  expect(wall.className).toMatch(/stale/);
});

test('above 500 phones the pages take turns', async () => {
  const many = Array.from({ length: 501 }, (_, index) =>
    phone(`e${index}`, String(1000 + index), null, 'idle'),
  );
  await renderLive(server, <Wall pageTime={300} />, { extensions: many });

  const shown = () => {
    const cells = [...document.querySelectorAll<HTMLElement>('[data-id]')];
    return [cells[0]?.dataset.id, cells.length, screen.queryByText(/^\d \/ \d$/)?.textContent];
  };
  await waitFor(() => expect(shown()).toEqual(['e251', 250, '2 / 2']), SLOW);
  await waitFor(() => expect(shown()).toEqual(['e0', 251, '1 / 2']), SLOW);
}, 45_000);

/** A loss shows after two seconds; hundreds of cells take their time in happy-dom. */
const SLOW = { timeout: 20_000 };

const PHONES: readonly Extension[] = [
  phone('e1', '1001', 'Иванова', 'idle'),
  phone('e2', '1002', null, 'ringing'),
  phone('e3', '999', 'Петров', 'unregistered'),
];

function phone(id: string, number: string, name: string | null, status: LineStatus): Extension {
  return { id, number, name, status, since: '2025-11-24T11:00:00Z', user_id: null } as Extension;
}

function changed(id: string, number: string, status: LineStatus) {
  return { id, number, status, since: '2025-11-24T12:00:00Z' };
}

function headers(): (string | null)[] {
  return screen.getAllByRole('columnheader').map((it) => it.textContent);
}

/** The rows as a person reads them; glyphs left out. */
function rows(): string[] {
  return [...document.querySelectorAll('[data-row]')].map((row) =>
    [...row.querySelectorAll('[role="gridcell"]')]
      .map((it) => it.textContent?.replace(/[●○▲◉◐◌]/g, '').trim())
      .filter(Boolean)
      .join(' '),
  );
}
