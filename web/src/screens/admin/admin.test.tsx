// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { fakeServer, problem } from '../../testing/fakeServer';
import { renderLive } from '../../testing/live';
import { ConfirmProvider } from '../../ui/Confirm';
import AuditScreen, { changeOf } from './AuditScreen';
import CdrsScreen from './CdrsScreen';
import { Ladder } from './Ladder';
import LinesScreen from './LinesScreen';
import LiveCallsScreen from './LiveCallsScreen';
import { LiveQuality } from './LiveQuality';
import RegistrationsScreen from './RegistrationsScreen';
import RolesScreen from './RolesScreen';
import { sectionsFor } from './sections';
import UsersScreen from './UsersScreen';

const server = fakeServer();
let users = [USER()];

beforeEach(() => {
  users = [USER()];
  server.on('GET /api/v1/admin/users', () => ({ items: users }));
  server.on('GET /api/v1/admin/roles', () => ({ items: ROLES }));
  server.on('GET /api/v1/admin/rights', () => ({
    items: ['calls.own', 'ui.json'].map((code) => ({ code, is_mine: true })),
  }));
});

test('each section needs its right', () => {
  const codes = (...rights: string[]) =>
    sectionsFor((it) => rights.includes(it)).map((it) => it.code);

  expect(codes()).toEqual([]);
  expect(codes('cdrs.view', 'users.manage')).toEqual(['users', 'cdrs']);
});

test('a person is added, and what the server minds stands beside its field', async () => {
  const user = userEvent.setup();
  await renderLive(server, <UsersScreen />);
  await screen.findByText('Иванова');
  server.on('POST /api/v1/admin/users', () =>
    problem(422, 'invalid', {
      errors: [{ field: 'login', code: 'exists', message: 'Такой логин уже есть' }],
    }),
  );

  await user.click(screen.getByRole('button', { name: 'Новый пользователь' }));
  await user.click(screen.getByLabelText(/^Логин/));
  await user.paste('operator1');
  await user.click(screen.getByLabelText(/^Пароль/));
  await user.paste('very long password');
  await user.click(screen.getByRole('checkbox', { name: 'Оператор' }));
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  expect(await screen.findByText('Такой логин уже есть')).toBeTruthy();
  expect(screen.getByLabelText(/^Логин/).getAttribute('aria-invalid')).toBe('true');
  expect(screen.queryByRole('alert')).toBeNull();
  expect(server.askedOf('POST /api/v1/admin/users')[0]?.body).toMatchObject({
    login: 'operator1',
    role_ids: ['r1'],
    email: null,
  });
});

test('whom somebody adds before changes are told here is there once they are', async () => {
  const answers = [[USER()], [USER(), { ...USER(), id: 'u8', login: 'late', name: 'Поздняя' }]];
  server.on('GET /api/v1/admin/users', () => ({
    items: answers.length > 1 ? answers.shift() : answers[0],
  }));

  await renderLive(server, <UsersScreen />);

  expect(await screen.findByText('Поздняя')).toBeTruthy();
});

test('two people edit one: what only one changed comes together, the rest is asked, nothing is lost', async () => {
  const user = userEvent.setup();
  await renderLive(server, <UsersScreen />);
  await openFirst(user);
  server.on('PUT /api/v1/admin/users/u7', (request) =>
    request.headers.get('If-Match') === '1'
      ? problem(409, 'version_conflict', {
          current: { ...USER(), version: 2, name: 'Сидорова', email: 'their@b.test' },
        })
      : { ...USER(), version: 3 },
  );

  await retype(user, 'Имя', 'Петрова');
  await retype(user, 'Должность', 'Старшая');
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  const conflict = await screen.findByRole('group', { name: 'Имя' });
  expect(within(conflict).getByText('Сидорова')).toBeTruthy();
  expect(screen.getAllByRole('button', { name: 'Оставить моё' })).toHaveLength(1);
  expect(typedIn('Имя')).toBe('Петрова');
  expect(typedIn('Электронная почта')).toBe('their@b.test');
  expect(screen.getByRole('button', { name: 'Сохранить' })).toHaveProperty('disabled', true);
  await user.click(within(conflict).getByRole('button', { name: 'Принять чужое' }));
  expect(typedIn('Имя')).toBe('Сидорова');
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  await waitFor(() => expect(server.askedOf('PUT /api/v1/admin/users/u7')).toHaveLength(2));
  expect(server.askedOf('PUT /api/v1/admin/users/u7')[1]?.body).toMatchObject({
    name: 'Сидорова',
    email: 'their@b.test',
    position: 'Старшая',
  });
});

test('another’s change is told at once, in the list and over the open form', async () => {
  const user = userEvent.setup();
  const live = await renderLive(server, <UsersScreen />);
  await openFirst(user);

  users = [{ ...USER(), name: 'Сидорова', version: 2 }];
  await live.says('admin.changed', 'user:u7', { object: 'user', id: 'u7', version: 2, by: 'boss' });

  expect(await screen.findByText(/только что изменил boss/)).toBeTruthy();
  expect(await screen.findByText('Сидорова')).toBeTruthy();
  expect(typedIn('Имя')).toBe('Иванова');
});

test('a change that fell into a loss of the connection is told once it is back', async () => {
  const user = userEvent.setup();
  const live = await renderLive(server, <UsersScreen />);
  await openFirst(user);
  await retype(user, 'Имя', 'Петрова');

  await live.breaks();
  users = [{ ...USER(), name: 'Сидорова', version: 2 }];
  expect(screen.queryByText(/пока вы её правили/)).toBeNull();
  await live.comesBack();

  expect(await screen.findByText(/^Эту запись изменили, пока вы её правили/)).toBeTruthy();
  expect(typedIn('Имя')).toBe('Петрова');
  await live.breaks();
  users = [];
  await live.comesBack();

  expect(await screen.findByText('Эту запись удалили, пока вы её правили.')).toBeTruthy();
  expect(typedIn('Имя')).toBe('Петрова');
});

test('a line is given to a person, and a version goes with the change', async () => {
  const user = userEvent.setup();
  const line = LINE();
  server.on('GET /api/v1/admin/outbound-classes', () => ({
    items: [
      { name: 'national', prefixes: [''] },
      { name: 'international', prefixes: ['+', '810'] },
    ],
  }));
  server.on('GET /api/v1/admin/lines', () => ({ items: [line] }));
  server.on('PUT /api/v1/admin/lines/l1', (request) =>
    request.headers.get('If-Match') === '4' ? line : problem(409, 'version_conflict'),
  );
  await renderLive(server, <LinesScreen />, { rights: ['users.manage'] });
  await screen.findByText('Касса');
  document.querySelector<HTMLElement>('[data-row="l1"]')?.focus();
  await user.keyboard('{Enter}');

  await user.selectOptions(
    await screen.findByRole('combobox', { name: 'Пользователь' }),
    await screen.findByRole('option', { name: 'Иванова' }),
  );
  await user.click(await screen.findByRole('checkbox', { name: 'international: +…, 810…' }));
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  await waitFor(() => expect(screen.queryByRole('button', { name: 'Сохранить' })).toBeNull());
  expect(server.askedOf('PUT /api/v1/admin/lines/l1')[0]?.body).toEqual({
    name: 'Касса',
    user_id: 'u7',
    calls_max: null,
    ring_timeout_s: 30,
    dtmf: 'info',
    codecs: ['PCMA', 'opus'],
    hold_music: 'jazz',
    outbound_classes: ['national', 'international'],
    caller_number: '+74950001001',
    is_withheld: false,
    may_sign_in: true,
  });
});

test('a line keeps its rights to call out while nobody knows which there are', async () => {
  const user = userEvent.setup();
  server.on('GET /api/v1/admin/outbound-classes', () => problem(503, 'unavailable'));
  server.on('GET /api/v1/admin/lines', () => ({ items: [LINE()] }));
  server.on('PUT /api/v1/admin/lines/l1', () => LINE());
  await renderLive(server, <LinesScreen />, { rights: ['users.manage'] });
  await screen.findByText('Касса');
  document.querySelector<HTMLElement>('[data-row="l1"]')?.focus();
  await user.keyboard('{Enter}');

  await retype(user, 'Имя', 'Склад');
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  await waitFor(() => expect(screen.queryByRole('button', { name: 'Сохранить' })).toBeNull());
  expect(server.askedOf('PUT /api/v1/admin/lines/l1')[0]?.body).toMatchObject({
    name: 'Склад',
    outbound_classes: ['national', 'gone'],
  });
});

test('a line shows at whose phone it works, and is signed out when an administrator says so', async () => {
  const user = userEvent.setup();
  let places = [
    {
      id: 'l1',
      line: '1001',
      workplace_id: 'l9',
      workplace: '1190',
      since: '2025-11-24T12:00:00Z',
    },
  ];
  server.on('GET /api/v1/admin/outbound-classes', () => ({ items: [] }));
  server.on('GET /api/v1/admin/lines', () => ({
    items: [LINE(), { ...LINE(), id: 'l2', number: '1002', name: 'Склад' }],
  }));
  server.on('GET /api/v1/admin/workplaces', () => ({ items: places }));
  server.on('DELETE /api/v1/admin/workplaces/l1', () => {
    places = [];
    return new Response(null, { status: 204 });
  });
  await renderLive(
    server,
    <ConfirmProvider>
      <LinesScreen />
    </ConfirmProvider>,
  );
  expect(await screen.findByText('1190')).toBeTruthy();
  const end = () =>
    screen.getByRole<HTMLButtonElement>('button', { name: 'Освободить рабочее место' });

  await user.click(screen.getByText('Склад'));
  expect(end().disabled).toBe(true);
  await user.click(screen.getByText('Касса'));
  await user.click(end());
  expect(await screen.findByText(/1190, за которым работает 1001 Касса/)).toBeTruthy();
  expect(server.askedOf('DELETE /api/v1/admin/workplaces/l1')).toHaveLength(0);
  await user.click(screen.getByRole('button', { name: 'ДА' }));

  await waitFor(() => expect(screen.queryByText('1190')).toBeNull());
  expect(server.askedOf('DELETE /api/v1/admin/workplaces/l1')).toHaveLength(1);
});

test('a built-in role can be read but not changed', async () => {
  const user = userEvent.setup();
  await renderLive(server, <RolesScreen />);
  await screen.findByText('callcenter_operator');

  document.querySelector<HTMLElement>('[data-row="r1"]')?.focus();
  await user.keyboard('{Enter}');

  expect(await screen.findByText('Эту запись здесь изменить нельзя.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Сохранить' })).toBeNull();
  expect(screen.getByRole('checkbox', { name: 'Видеть свои звонки' })).toHaveProperty(
    'disabled',
    true,
  );
});

test('a phone that registers is there at once; its User-Agent is text', async () => {
  let items = [REGISTRATION('1001', '<b>Phone</b>')];
  server.on('GET /api/v1/admin/registrations', () => ({ items }));
  const live = await renderLive(server, <RegistrationsScreen />);
  expect(await screen.findByText('<b>Phone</b>')).toBeTruthy();

  items = [...items, REGISTRATION('1002', 'Other')];
  await live.says('registration.changed', 'registration:1002', {
    number: '1002',
    registered: true,
  });

  expect(await screen.findByText('Other')).toBeTruthy();
});

test('a call is hung up after a question, and only with the right', async () => {
  const user = userEvent.setup();
  server.on('POST /api/v1/calls/c1/hangup', () => new Response(null, { status: 202 }));
  const screenOf = (
    <ConfirmProvider>
      <LiveCallsScreen />
    </ConfirmProvider>
  );
  const without = await renderLive(server, screenOf, { calls: [CALL] });
  await screen.findByText('Иванова (1001)');
  expect(screen.queryByRole('button', { name: 'Завершить' })).toBeNull();
  without.unmount();

  const live = await renderLive(server, screenOf, { calls: [CALL], rights: ['call.hangup_any'] });
  await user.click(await screen.findByText('Иванова (1001)'));
  await user.click(screen.getByRole('button', { name: 'Завершить' }));
  await user.click(await screen.findByRole('button', { name: 'ДА' }));
  await waitFor(() => expect(server.askedOf('POST /api/v1/calls/c1/hangup')).toHaveLength(1));
  await live.says('call.ended', 'call:c1', { id: 'c1', ended_at: '2025-11-24T12:00:00Z' });

  expect(await screen.findByText('Сейчас никто не разговаривает.')).toBeTruthy();
});

test('the ladder names each message, and its table says the same', async () => {
  const user = userEvent.setup();
  server.on('GET /api/v1/calls/c1/ladder', () => LADDER);
  await renderLive(server, <Ladder callId="c1" />);

  await user.click(await screen.findByRole('button', { name: /INVITE: 1001 → Tandem$/ }));
  expect(screen.getByText(/^INVITE sip:1002/)).toBeTruthy();
  expect(screen.getByText('Звук шёл в одну сторону.')).toBeTruthy();
  expect(within(screen.getByRole('table', { name: 'Звук' })).getByText(/^PCMA · /)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Таблица' }));

  const rows = screen.getAllByRole('row').map((it) => it.textContent);
  expect(rows.some((it) => it?.includes('1001TandemINVITEUDP'))).toBe(true);
});

test('the figures of a call tell what both ends heard', async () => {
  server.on('GET /api/v1/calls/c1/ladder', () => LADDER);
  await renderLive(server, <Ladder callId="c1" />);

  const table = await screen.findByRole('table', { name: 'Звук' });
  const cells = within(table).getAllByRole('cell');
  expect(cells.map((it) => it.textContent)).toEqual([
    '1001',
    'PCMA · перекодируется',
    '500',
    '500',
    '0',
    '1,0',
    '4,41',
    '2',
    '3,3',
    '—',
    '31',
    'да',
  ]);
});

test('a live call tells how it sounds, each leg both ways', async () => {
  server.on('GET /api/v1/calls/c1/quality', () => ({
    legs: [
      {
        id: 'l1',
        number: '1001',
        received: { loss_percent: 0.5, jitter_ms: 2, mos: 4.3 },
        sent: null,
        rtt_ms: 12.6,
      },
    ],
  }));
  await renderLive(server, <LiveQuality callId="c1" />);

  const table = await screen.findByRole('table', { name: 'Качество звука сейчас' });
  const [, received, sent] = within(table)
    .getAllByRole('row')
    .map((it) => it.textContent);
  expect(received).toBe('1001от абонента4,300,52,013');
  expect(sent).toBe('1001к абоненту———13');
});

test('the call log is filtered and exported by the server', async () => {
  const user = userEvent.setup();
  server.on('GET /api/v1/admin/cdrs', () => ({
    items: [CDR],
    next_cursor: null,
    total_estimate: 1,
  }));
  await renderLive(server, <CdrsScreen />, { rights: ['cdrs.export'] });
  await screen.findByText('PCMA');

  await user.click(screen.getByRole('button', { name: 'ФИЛЬТР' }));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Итог' }), 'Занято');
  await waitFor(() =>
    expect(server.askedOf('GET /api/v1/admin/cdrs').at(-1)?.url.searchParams.get('cause')).toBe(
      'busy',
    ),
  );
  await user.click(screen.getByRole('button', { name: 'Ещё' }));

  expect(await screen.findByRole('menuitem', { name: 'Выгрузить CSV' })).toBeTruthy();
});

test('the audit says in words what was done, and what differs', async () => {
  expect(changeOf({ name: 'A', roles: [1] }, { name: 'B', roles: [1] })).toBe('name: A → B');
  expect(changeOf(null, { is_disabled: true })).toBe('is_disabled: — → true');
  server.on('GET /api/v1/admin/audit', () => ({
    items: [
      {
        id: 'a1',
        at: '2025-11-24T12:00:00Z',
        who: 'admin',
        ip: '127.0.0.1',
        what: 'user.changed',
        object: 'user',
        object_id: 'u7',
        before: { name: 'A' },
        after: { name: 'B' },
      },
    ],
    next_cursor: null,
    total_estimate: 1,
  }));

  await renderLive(server, <AuditScreen />);

  expect(await screen.findByText('name: A → B')).toBeTruthy();
  expect(screen.getByText('Изменён пользователь')).toBeTruthy();
  expect(screen.getByText('Пользователь')).toBeTruthy();
});

function USER() {
  return {
    id: 'u7',
    version: 1,
    login: 'operator7',
    name: 'Иванова',
    email: 'mine@b.test' as string | null,
    position: null as string | null,
    locale: 'ru',
    role_ids: ['r1'],
    numbers: ['1007'],
    is_disabled: false,
  };
}

function LINE() {
  return {
    id: 'l1',
    version: 4,
    number: '1001',
    name: 'Касса',
    user_id: null,
    calls_max: null,
    ring_timeout_s: 30,
    dtmf: 'info',
    codecs: ['PCMA', 'opus'],
    hold_music: 'jazz',
    outbound_classes: ['national', 'gone'],
    caller_number: '+74950001001',
    is_withheld: false,
    may_sign_in: true,
  };
}

const ROLES = [
  {
    id: 'r1',
    version: 1,
    code: 'callcenter_operator',
    title: { ru: 'Оператор', en: 'Operator' },
    rights: ['calls.own'],
    is_built_in: true,
    holders: 8,
  },
];

const REGISTRATION = (number: string, agent: string) => ({
  number,
  contact: `sip:${number}@127.0.0.1`,
  user_agent: agent,
  transport: 'UDP',
  remote_address: '127.0.0.1:5062',
  registered_at: '2025-11-24T12:00:00Z',
  expires_at: '2025-11-24T13:00:00Z',
});

const CALL = {
  id: 'c1',
  direction: 'internal' as const,
  state: 'talking' as const,
  caller: { number: '1001', name: 'Иванова' },
  dialled: '1002',
  started_at: '2025-11-24T12:00:00Z',
  answered_at: '2025-11-24T12:00:05Z',
  legs: [],
  recording: 'off' as const,
  is_recording_forced: false,
  actions: [],
};

const LADDER = {
  participants: [
    { id: 'a', title: '1001', address: '127.0.0.1:5062' },
    { id: 't', title: 'Tandem', address: '127.0.0.1:5060' },
  ],
  messages: [
    {
      at: '2025-11-24T12:00:00.123Z',
      from: 'a',
      to: 't',
      transport: 'UDP',
      summary: 'INVITE',
      raw: 'INVITE sip:1002@demo.tandem.test SIP/2.0',
    },
  ],
  diagnosis: [
    { severity: 'warning', text: { ru: 'Звук шёл в одну сторону.', en: 'One-way audio.' } },
  ],
  media: [
    {
      leg: '1001',
      codec: 'PCMA',
      packets_received: 500,
      packets_sent: 500,
      packets_lost: 0,
      jitter_ms: 1,
      mos: 4.41,
      far_packets_lost: 2,
      far_jitter_ms: 3.25,
      far_mos: null,
      rtt_ms: 31.4,
      latched: true,
      transcoded: true,
    },
  ],
};

const CDR = {
  cdr_id: 'x1',
  call_id: 'c1',
  caller: '1001',
  dialled: '1002',
  role: 'callee',
  number: '1002',
  name: null,
  trunk: null,
  started_at: '2025-11-24T12:00:00Z',
  talk_ms: 30_000,
  sip_status: 200,
  cause: 'normal',
  codec: 'PCMA',
  packets_lost: 0,
  jitter_ms: 1,
};

type User = ReturnType<typeof userEvent.setup>;

async function openFirst(user: User): Promise<void> {
  await screen.findByText('Иванова');
  document.querySelector<HTMLElement>('[data-row="u7"]')?.focus();
  await user.keyboard('{Enter}');
  await screen.findByRole('button', { name: 'Сохранить' });
}

async function retype(user: User, label: string, text: string): Promise<void> {
  const field = screen.getByRole('textbox', { name: new RegExp(`^${label}`) });
  await user.clear(field);
  await user.paste(text);
}

function typedIn(label: string): string {
  return (screen.getByRole('textbox', { name: new RegExp(`^${label}`) }) as HTMLInputElement).value;
}
