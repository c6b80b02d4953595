// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeServer } from '../testing/fakeServer';
import { renderScreen } from '../testing/render';
import type { GridSpec } from './columns';
import { ListScreen } from './ListScreen';
import type { Page, Pages } from './pages';
import { SEARCH_PAUSE } from './SearchBox';
import type { FetchRows } from './usePages';

interface Call {
  readonly id: string;
  readonly peer: string;
}

const server = fakeServer();

afterEach(() => {
  vi.useRealTimers();
  window.history.replaceState(null, '', '/');
});

test('the labels of the toolbar are exact, in both languages', async () => {
  const { unmount } = renderScreen(<Screen calls={['c1']} />);
  await loaded();
  for (const name of ['СЕГОДНЯ', 'ВЧЕРА', 'НЕДЕЛЯ', 'МЕСЯЦ', 'ГОД', 'СБРОСИТЬ', 'ФИЛЬТР', 'JSON']) {
    expect(screen.getByRole('button', { name })).toBeTruthy();
  }
  expect(screen.getByText('Период:')).toBeTruthy();
  expect(screen.getByText('Загружено 1 из 1')).toBeTruthy();
  unmount();

  renderScreen(<Screen calls={['c1']} />, 'en');
  await loaded();
  for (const name of ['Today', 'Yesterday', 'Week', 'Month', 'Year', 'Reset', 'Filter', 'JSON']) {
    expect(screen.getByRole('button', { name })).toBeTruthy();
  }
  expect(screen.getByText('Loaded 1 of 1')).toBeTruthy();
});

test('a preset asks the server for its span, and stands in the address', async () => {
  const fetchRows = rows(['c1']);
  renderScreen(<Screen fetchRows={fetchRows} />);
  await loaded();

  await userEvent.click(screen.getByRole('button', { name: 'ГОД' }));

  await waitFor(() => expect(fetchRows).toHaveBeenCalledTimes(2));
  const query = fetchRows.mock.lastCall?.[0] ?? {};
  expect(Date.now() - Date.parse(String(query.from))).toBeGreaterThan(364 * 86_400_000);
  expect(query).not.toHaveProperty('to');
  expect(window.location.search).toBe('?period=year');
});

test('the address is obeyed', async () => {
  window.history.replaceState(null, '', '/?period=yesterday&f.direction=in&q=%D0%B0&other=1');
  const fetchRows = rows(['c1']);

  renderScreen(<Screen fetchRows={fetchRows} />);
  await loaded();

  expect(fetchRows.mock.lastCall?.[0]).toMatchObject({ direction: 'in', q: 'а' });
  expect(screen.getByRole('button', { name: 'ВЧЕРА' }).getAttribute('aria-pressed')).toBe('true');
  expect(within(chips()).getByText('входящие')).toBeTruthy();
  expect(window.location.search).toContain('other=1');
});

test('typing waits for a pause, then asks the server once', async () => {
  const fetchRows = rows(['c1']);
  renderScreen(<Screen fetchRows={fetchRows} />);
  await loaded();
  vi.useFakeTimers();

  const search = screen.getByRole('searchbox', { name: 'Поиск' });
  for (const text of ['и', 'ив', 'ива']) {
    fireEvent.change(search, { target: { value: text } });
    await vi.advanceTimersByTimeAsync(SEARCH_PAUSE - 1);
  }
  expect(fetchRows).toHaveBeenCalledTimes(1);
  await act(() => vi.advanceTimersByTimeAsync(1));

  expect(fetchRows).toHaveBeenCalledTimes(2);
  expect(fetchRows.mock.lastCall?.[0]).toMatchObject({ q: 'ива' });
});

test('a filter becomes a chip, and its cross takes it away', async () => {
  const user = userEvent.setup();
  const fetchRows = rows(['c1']);
  renderScreen(<Screen fetchRows={fetchRows} />);
  await loaded();

  await user.click(screen.getByRole('button', { name: 'ФИЛЬТР' }));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Мои звонки' }), 'in');
  await waitFor(() => expect(fetchRows.mock.lastCall?.[0]).toMatchObject({ direction: 'in' }));
  await user.click(within(chips()).getByRole('button', { name: 'Очистить: Мои звонки' }));

  await waitFor(() => expect(fetchRows.mock.lastCall?.[0]).not.toHaveProperty('direction'));
});

test('СБРОСИТЬ goes back to the first state and can then do no more', async () => {
  const user = userEvent.setup();
  renderScreen(<Screen calls={['c1']} />);
  await loaded();
  const reset = screen.getByRole('button', { name: 'СБРОСИТЬ' });
  expect(reset).toHaveProperty('disabled', true);

  await user.click(screen.getByRole('button', { name: 'МЕСЯЦ' }));
  expect(reset).toHaveProperty('disabled', false);
  await user.click(reset);

  expect(window.location.search).toBe('');
  expect(screen.getByRole('button', { name: 'СЕГОДНЯ' }).getAttribute('aria-pressed')).toBe('true');
});

test('what was set is kept on the server, and is there the next time', async () => {
  const user = userEvent.setup();
  const kept: Record<string, unknown> = {};
  let outlivesThePage = false;
  server.on('GET /api/v1/me/settings', () => kept);
  server.on('PUT /api/v1/me/settings/list.test', async (request) => {
    outlivesThePage = request.keepalive;
    kept['list.test'] = await request.json();
    return new Response(null, { status: 204 });
  });
  const first = renderScreen(<Screen calls={['c1']} />);
  await loaded();

  await user.click(screen.getByRole('button', { name: 'НЕДЕЛЯ' }));
  first.unmount();
  await waitFor(() => expect(kept).toHaveProperty('list.test'));
  expect(outlivesThePage).toBe(true);
  window.history.replaceState(null, '', '/');
  renderScreen(<Screen calls={['c1']} />);
  await loaded();

  expect(screen.getByRole('button', { name: 'НЕДЕЛЯ' }).getAttribute('aria-pressed')).toBe('true');
});

test('a list whose settings cannot be read works all the same', async () => {
  server.on('GET /api/v1/me/settings', () => new Response('oops', { status: 500 }));

  renderScreen(<Screen calls={['c1']} />);

  expect(await screen.findByText('c1', {}, { timeout: 4000 })).toBeTruthy();
});

test('new rows wait behind the pill and come on its click', async () => {
  const user = userEvent.setup();
  const archive = ['c1'];
  let hint = () => {};
  const watch = (pages: Pages<Call>) => {
    hint = () => void pages.checkNew();
    return () => {};
  };
  renderScreen(<Screen fetchRows={rows(archive)} watch={watch} />);
  await loaded();

  archive.unshift('c4', 'c3', 'c2');
  hint();
  const pill = await screen.findByRole('button', { name: 'Показать 3 новых' });
  expect(screen.queryByText('c4')).toBeNull();
  await user.click(pill);

  expect(screen.getByText('c4')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /Показать/ })).toBeNull();
});

test('an empty period offers a longer one, an empty filter its reset', async () => {
  const user = userEvent.setup();
  const fetchRows = rows([]);
  renderScreen(<Screen fetchRows={fetchRows} />);

  await user.click(await screen.findByRole('button', { name: 'Показать неделю' }));
  await user.click(await screen.findByRole('button', { name: 'Показать год' }));
  expect(await screen.findByText('Здесь появятся звонки.')).toBeTruthy();

  await user.type(screen.getByRole('searchbox'), 'x{Enter}');
  await user.click(await screen.findByRole('button', { name: 'Сбросить фильтр' }));
  expect(await screen.findByText('Здесь появятся звонки.')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'ГОД' }).getAttribute('aria-pressed')).toBe('true');
});

test('JSON shows the selected record, and is not there without the right', async () => {
  const user = userEvent.setup();
  const { unmount } = renderScreen(<Screen calls={['c2', 'c1']} />);
  await loaded();

  await user.click(screen.getByText('c1'));
  await user.click(screen.getByRole('button', { name: 'JSON' }));
  const dialog = await screen.findByRole('dialog', { name: 'JSON' });
  expect(JSON.parse(dialog.querySelector('pre')?.textContent ?? '')).toEqual({
    id: 'c1',
    peer: 'c1',
  });
  unmount();

  renderScreen(<Screen calls={['c1']} canSeeJson={false} />);
  await loaded();
  expect(screen.queryByRole('button', { name: 'JSON' })).toBeNull();
});

test('a list that cannot be loaded says so and tries again', async () => {
  const user = userEvent.setup();
  const fetchRows = rows(['c1']);
  fetchRows.mockRejectedValueOnce(new Error('offline'));
  renderScreen(<Screen fetchRows={fetchRows} />);

  await user.click(await screen.findByRole('button', { name: 'Повторить' }));

  expect(await screen.findByText('c1')).toBeTruthy();
  expect(screen.queryByRole('alert')).toBeNull();
});

test('a column can be hidden from the menu', async () => {
  const user = userEvent.setup();
  renderScreen(<Screen calls={['c1']} />);
  await loaded();

  await user.click(screen.getByRole('button', { name: 'Ещё' }));
  await user.click(await screen.findByRole('menuitem', { name: 'Столбцы' }));
  await user.click(await screen.findByRole('checkbox', { name: 'Внутренние номера' }));
  await user.keyboard('{Escape}');

  await waitFor(() =>
    expect(screen.queryByRole('columnheader', { name: 'Внутренние номера' })).toBeNull(),
  );
});

const SPEC: GridSpec<Call> = {
  screen: 'test',
  period: 'today',
  columns: [
    { id: 'id', label: 'menu.calls', text: (it) => it.id, width: 100, isFixed: true },
    { id: 'peer', label: 'menu.extensions', text: (it) => `${it.peer}!`, width: 100 },
  ],
  filters: [
    {
      id: 'direction',
      label: 'menu.my_calls',
      options: ['in', 'out'],
      optionLabel: (code) => (code === 'in' ? 'входящие' : 'исходящие'),
    },
  ],
  sort: [],
  sortKeysMax: 1,
};

function Screen(props: {
  readonly calls?: string[];
  readonly fetchRows?: FetchRows<Call>;
  readonly watch?: (pages: Pages<Call>) => () => void;
  readonly canSeeJson?: boolean;
}) {
  return (
    <ListScreen
      title="Мои разговоры"
      spec={SPEC}
      idOf={idOf}
      fetchRows={props.fetchRows ?? rows(props.calls ?? [])}
      searchLabel="Поиск (по полям)"
      emptyText="Здесь появятся звонки."
      canSeeJson={props.canSeeJson ?? true}
      {...(props.watch && { watch: props.watch })}
    />
  );
}

const idOf = (call: Call) => call.id;

function rows(archive: string[]) {
  return vi.fn<FetchRows<Call>>(async () => {
    const page: Page<Call> = {
      items: archive.map((id) => ({ id, peer: id })),
      next_cursor: null,
      total_estimate: archive.length,
    };
    return page;
  });
}

async function loaded(): Promise<void> {
  await screen.findByText('c1');
}

function chips(): HTMLElement {
  return screen.getByRole('list', { name: 'Действующие фильтры' });
}
