// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CallCard, CallRow, Recording } from '../../api/types';
import { fakeServer } from '../../testing/fakeServer';
import { renderLive } from '../../testing/live';
import InteractionsScreen from '../interactions/InteractionsScreen';
import CallsScreen from './CallsScreen';

vi.mock('@tanstack/react-router', () => ({ useNavigate: () => () => Promise.resolve() }));

const server = fakeServer();
let archive: CallRow[] = [];

beforeEach(() => {
  archive = [ANSWERED, MISSED];
  server.on('GET /api/v1/calls', () => page(archive));
  server.on('GET /api/v1/calls/*', (_, url) =>
    cardOf(archive.find((it) => url.pathname.endsWith(it.id)) ?? ANSWERED),
  );
});
afterEach(() => window.history.replaceState(null, '', '/'));

test('the list has the exact columns, buttons and filters', async () => {
  const user = userEvent.setup();
  await renderLive(server, <CallsScreen />, { rights: ['ui.json'] });
  await screen.findByText('00:30');

  expect(screen.getByRole('heading', { name: 'Мои разговоры' })).toBeTruthy();
  expect(headers()).toEqual(['Время', 'Набранный номер', 'Сторона А', 'Сторона Б', 'Разговор']);
  for (const name of ['ПРОСЛУШАТЬ', 'ОТПРАВИТЬ В QM', 'ПОЗВОНИТЬ', 'КАРТОЧКА', 'JSON']) {
    expect(screen.getByRole('button', { name })).toBeTruthy();
  }
  expect(screen.getByPlaceholderText('Поиск (по полям "Сторона А" и "Сторона Б")')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'ФИЛЬТР' }));
  for (const name of ['Пользователь', 'Направление']) {
    expect(screen.getByRole('combobox', { name })).toBeTruthy();
  }
  expect(screen.getByRole('textbox', { name: 'Абонент' })).toBeTruthy();
});

test('in English it is English', async () => {
  await renderLive(server, <CallsScreen />, { locale: 'en' });
  await screen.findByText('00:30');

  expect(headers()).toEqual(['Time', 'Dialled number', 'Side A', 'Side B', 'Talk']);
  for (const name of ['Play', 'Send to QM', 'Call', 'Card']) {
    expect(screen.getByRole('button', { name })).toBeTruthy();
  }
});

test('what cannot be done yet is disabled and says why', async () => {
  await renderLive(server, <CallsScreen />);
  await userEvent.click(await screen.findByText('00:30'));

  for (const name of ['ПРОСЛУШАТЬ', 'ОТПРАВИТЬ В QM', 'ПОЗВОНИТЬ']) {
    const button = screen.getByRole('button', { name }) as HTMLButtonElement;
    expect(button.disabled).toBe(true);
    expect(button.title).not.toBe('');
  }
});

test('a recording is played in the card by who may hear it', async () => {
  const user = userEvent.setup();
  archive = [{ ...ANSWERED, recording: RECORDED }];
  await renderLive(server, <CallsScreen />, { rights: ['recordings.listen'] });
  await user.click(await screen.findByText('00:30'));
  await user.click(screen.getByRole('button', { name: 'ПРОСЛУШАТЬ' }));

  await screen.findByRole('heading', { name: 'Записи' });
  const sound = document.querySelector('audio');
  expect(sound?.getAttribute('src')).toBe('/api/v1/recordings/r1/audio');
  expect(sound?.autoplay).toBe(true);
});

test('a recording that was removed is told of, and not played', async () => {
  const user = userEvent.setup();
  archive = [{ ...ANSWERED, recording: { ...RECORDED, state: 'expired' } }];
  await renderLive(server, <CallsScreen />, { rights: ['recordings.listen'] });
  await user.click(await screen.findByText('00:30'));
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'ПРОСЛУШАТЬ' }).disabled).toBe(true);
  await user.click(screen.getByRole('button', { name: 'КАРТОЧКА' }));

  expect(await screen.findByText(/удалена по сроку хранения/)).toBeTruthy();
  expect(document.querySelector('audio')).toBeNull();
});

test('a call that has just ended comes by itself', async () => {
  const live = await renderLive(server, <CallsScreen />);
  await screen.findByText('00:30');

  archive = [{ ...ANSWERED, id: 'c3', talk_ms: 71_000 }, ...archive];
  await live.says('call.logged', 'call:c3', { id: 'c3' });
  await userEvent.click(await screen.findByRole('button', { name: 'Показать 1 новый' }));

  expect(await screen.findByText('01:11')).toBeTruthy();
});

test('a call of the team that ended before such calls are told here comes all the same', async () => {
  const live = await renderLive(server, <CallsScreen />, { rights: ['calls.team', 'live.view'] });
  await screen.findByText('00:30');

  archive = [{ ...ANSWERED, id: 'c3', talk_ms: 71_000 }, ...archive];
  live.sockets.at(-1)?.says({ subbed: 'calls' });
  await userEvent.click(await screen.findByRole('button', { name: 'Показать 1 новый' }));

  expect(await screen.findByText('01:11')).toBeTruthy();
});

test('Enter opens the card with sides, history and print', async () => {
  const user = userEvent.setup();
  await renderLive(server, <CallsScreen />);
  await screen.findByText('00:30');

  document.querySelector<HTMLElement>('[data-row="c2"]')?.focus();
  await user.keyboard('{Enter}');

  const card = await screen.findByRole('region', {
    name: 'Разговор Иванова (1001) → 1002 [00:30]',
  });
  for (const name of ['Сторона А', 'Сторона Б', 'История']) {
    expect(within(card).getByRole('heading', { name })).toBeTruthy();
  }
  expect(within(card).getByText('1001 набирает 1002')).toBeTruthy();
  expect(within(card).getByText('1002: отбой (Завершён)')).toBeTruthy();
  expect(within(card).getByRole('button', { name: 'Печать' })).toBeTruthy();
  await user.click(within(card).getByRole('button', { name: 'Закрыть' }));
  expect(screen.queryByRole('region')).toBeNull();
});

test('a side that is not known is called so, and nothing undefined is ever shown', async () => {
  const user = userEvent.setup();
  archive = [MISSED];
  await renderLive(server, <CallsScreen />);
  await screen.findByText('00:00');

  document.querySelector<HTMLElement>('[data-row="c1"]')?.focus();
  await user.keyboard('{Enter}');

  expect(
    await screen.findByRole('region', { name: 'Разговор Неизвестно → Неизвестно [00:00]' }),
  ).toBeTruthy();
  expect(document.body.textContent).not.toMatch(/undefined|null|NaN/);
});

test('hostile names are text in the list and on the card', async () => {
  const user = userEvent.setup();
  const name = '<img src=x onerror="alert(1)">';
  archive = [{ ...ANSWERED, side_a: { number: '1001', name } }];
  await renderLive(server, <CallsScreen />);
  await screen.findByText('00:30');

  document.querySelector<HTMLElement>('[data-row="c2"]')?.focus();
  await user.keyboard('{Enter}');
  await screen.findByRole('heading', { name: 'Сторона А' });

  expect(screen.getAllByText(name, { exact: false }).length).toBeGreaterThan(2);
  expect(document.querySelector('img')).toBeNull();
});

test('filters are asked of the server', async () => {
  const user = userEvent.setup();
  await renderLive(server, <CallsScreen />);
  await screen.findByText('00:30');

  await user.click(screen.getByRole('button', { name: 'ФИЛЬТР' }));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Направление' }), 'Входящий');
  await user.selectOptions(screen.getByRole('combobox', { name: 'Пользователь' }), 'u1');

  await waitFor(() => {
    const query = server.askedOf('GET /api/v1/calls').at(-1)?.url.searchParams;
    expect(query?.get('direction')).toBe('in');
    expect(query?.get('user')).toBe('u1');
  });
});

test('an interaction has its channel in words, and a card with two tabs', async () => {
  const user = userEvent.setup();
  server.on('GET /api/v1/interactions', () =>
    page([
      {
        id: 'i1',
        at: '2025-11-24T09:00:00Z',
        channel: 'call',
        description: '1001 → 1002 [00:30]',
        operators: ['Иванова', 'Петров'],
        service: null,
        call_id: 'c2',
      },
    ]),
  );
  await renderLive(server, <InteractionsScreen />);
  await screen.findByText('1001 → 1002 [00:30]');

  expect(screen.getByRole('heading', { name: 'Мои взаимодействия' })).toBeTruthy();
  expect(headers()).toEqual(['Время', 'Канал', 'Описание', 'Операторы', 'Сервис']);
  expect(screen.getByText('Звонок')).toBeTruthy();
  expect(screen.getByText('Иванова, Петров')).toBeTruthy();
  document.querySelector<HTMLElement>('[data-row="i1"]')?.focus();
  await user.keyboard('{Enter}');

  expect(await screen.findByRole('tab', { name: 'СВОЙСТВА' })).toBeTruthy();
  expect(screen.getByRole('button', { name: 'РАЗВЕРНУТЬ' })).toBeTruthy();
  await user.click(screen.getByRole('tab', { name: 'ИСТОРИЯ, ССЫЛКИ И КОММЕНТАРИИ' }));
  expect(screen.getByText('1001 набирает 1002')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'ЗАКРЫТЬ' }));
  expect(screen.queryByRole('tab')).toBeNull();
});

const ANSWERED: CallRow = {
  id: 'c2',
  started_at: '2025-11-24T09:00:00Z',
  dialled: '1002',
  side_a: { number: '1001', name: 'Иванова' },
  side_b: { number: '1002', name: null },
  direction: 'internal',
  answered_at: '2025-11-24T09:00:02Z',
  talk_ms: 30_000,
  cause: 'normal',
  recording: null,
};

const RECORDED: Recording = {
  id: 'r1',
  started_at: '2025-11-24T09:00:02Z',
  duration_ms: 28_000,
  bytes: 448_044,
  sha256: 'ab',
  state: 'complete',
  left: '1001',
  right: '1002',
  packets_lost: 0,
};

const MISSED: CallRow = {
  ...ANSWERED,
  id: 'c1',
  side_a: { number: '', name: null },
  side_b: { number: '', name: null },
  answered_at: null,
  talk_ms: 0,
  cause: 'no_answer',
};

function cardOf(row: CallRow): CallCard {
  return {
    ...row,
    ring_ms: null,
    ended_at: row.started_at,
    hangup: 'peer',
    recordings: row.recording ? [row.recording] : [],
    legs: [],
    history: [
      { at: row.started_at, what: 'call_started', who: '1001', params: { dialled: '1002' } },
      { at: row.started_at, what: 'hung_up', who: '1002', params: { cause: 'normal' } },
    ],
  };
}

function page(items: readonly unknown[]) {
  return { items, next_cursor: null, total_estimate: items.length };
}

function headers(): (string | null)[] {
  return screen.getAllByRole('columnheader').map((it) => it.textContent);
}
