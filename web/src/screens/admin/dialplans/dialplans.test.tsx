// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { fakeServer, problem } from '../../../testing/fakeServer';
import { renderLive } from '../../../testing/live';
import { ConfirmProvider } from '../../../ui/Confirm';
import DialplansScreen from './DialplansScreen';

const server = fakeServer();
let file = { name: 'demo.toml', text: 'domain = "demo"\n', version: 'v1' };

beforeEach(() => {
  file = { name: 'demo.toml', text: 'domain = "demo"\n', version: 'v1' };
  server.on('GET /api/v1/admin/dialplans', () => ({
    items: [{ name: 'demo.toml', version: file.version, size: 16, domain: 'demo' }],
  }));
  server.on('GET /api/v1/admin/dialplans/demo.toml', () => file);
  server.on('POST /api/v1/admin/dialplans/check', async (request) => {
    const { name, text } = await request.json();
    return text.includes('broken') ? { ok: false, errors: [MISTAKE(name)] } : GOOD;
  });
});

test('a mistake stands at its line and in a list that leads there; the plan gets no further', async () => {
  const { user, text } = await opened();

  await user.type(text, 'broken = 1');
  const mistake = await screen.findByRole('button', { name: /^строка 2.*Неизвестный ключ$/ });
  expect(text.getAttribute('aria-invalid')).toBe('true');
  await user.click(mistake);
  expect(document.activeElement).toBe(text);
  expect([text.selectionStart, text.selectionEnd]).toEqual([16, 26]);
  await user.click(screen.getByRole('button', { name: 'Ввести в действие' }));

  expect((await screen.findByRole('alert')).textContent).toContain('Сначала исправьте ошибки');
  expect(server.askedOf('PUT /api/v1/admin/dialplans/demo.toml')).toHaveLength(0);
});

test('a plan goes into force after a question, with the version that it was made on', async () => {
  const { user, text } = await opened();
  server.on('PUT /api/v1/admin/dialplans/demo.toml', async (request) => {
    if (request.headers.get('If-Match') !== file.version) return problem(409, 'version_conflict');
    file = { ...file, text: (await request.json()).text, version: 'v2' };
    return file;
  });

  await user.type(text, '# more');
  expect(screen.getAllByText('Не введено в действие').length).toBeGreaterThan(0);
  await user.click(screen.getByRole('button', { name: 'Ввести в действие' }));
  await user.click(await screen.findByRole('button', { name: 'ДА' }));

  await waitFor(() => expect(screen.queryByText('Не введено в действие')).toBeNull());
  expect(file.text).toBe('domain = "demo"\n# more');
  expect(text.value).toBe(file.text);
});

test('another’s change while somebody types shows both texts, and nothing is lost', async () => {
  const { user, text, live } = await opened();
  await user.type(text, '# mine');
  server.on('PUT /api/v1/admin/dialplans/demo.toml', async (request) =>
    request.headers.get('If-Match') === 'v2' ? file : problem(409, 'version_conflict'),
  );

  file = { ...file, text: 'domain = "demo"\n# theirs', version: 'v2' };
  const change = { object: 'dialplan', id: 'demo.toml', version: null, by: 'boss' };
  await live.says('admin.changed', 'dialplan:demo.toml', change);

  const theirs = await screen.findByRole('region', { name: 'Чужой текст' });
  expect(screen.getByText(/изменил boss/)).toBeTruthy();
  expect(within(theirs).getByText('# theirs').getAttribute('data-differs')).toBe('true');
  expect(text.value).toBe('domain = "demo"\n# mine');
  const swap = screen.getByRole('button', { name: 'Ввести в действие' });
  expect(swap).toHaveProperty('disabled', true);
  await user.click(screen.getByRole('button', { name: 'Оставить мой текст' }));
  await user.click(swap);
  await user.click(await screen.findByRole('button', { name: 'ДА' }));

  await waitFor(() =>
    expect(server.askedOf('PUT /api/v1/admin/dialplans/demo.toml')[0]?.body).toEqual({
      text: 'domain = "demo"\n# mine',
    }),
  );
});

test('a call is tried on the text as it stands', async () => {
  const { user, text } = await opened();
  server.on('POST /api/v1/admin/dialplans/test', () => ({
    steps: [
      step('1001 звонит на 1002'),
      { ...step('colleagues: подходит: 1002'), file: 'demo.toml', line: 2, decides: true },
      step('→ вызвать номер 1002'),
    ],
    action: 'user 1002',
    outcome: { ru: 'вызвать номер 1002', en: 'call extension 1002' },
    rule: 'colleagues',
  }));
  await user.type(text, '# more');

  await user.click(screen.getByRole('button', { name: 'Попробовать' }));
  expect(screen.getAllByText('Укажите номер')).toHaveLength(2);
  await user.type(screen.getByLabelText('Кто звонит'), '1001');
  await user.type(screen.getByLabelText('Куда звонит'), '1002{Enter}');

  const steps = await screen.findByRole('list', { name: 'Ход выбора' });
  const shown = within(steps).getAllByRole('listitem');
  expect(shown.map((it) => it.textContent)).toEqual([
    '1001 звонит на 1002',
    'demo.toml:2 colleagues: подходит: 1002',
    '→ вызвать номер 1002',
  ]);
  expect(screen.getByText(/^Итог: вызвать номер 1002/)).toBeTruthy();
  expect(server.askedOf('POST /api/v1/admin/dialplans/test')[0]?.body).toEqual({
    from: '1001',
    to: '1002',
    name: 'demo.toml',
    text: 'domain = "demo"\n# more',
  });
  await user.click(within(steps).getByRole('button', { name: 'demo.toml:2' }));
  expect(text.selectionStart).toBe(16);
});

test('a new file gets a name that the server takes, and is made without a version', async () => {
  const { user } = await opened();
  server.on('PUT /api/v1/admin/dialplans/night.toml', () => ({ ...file, name: 'night.toml' }));

  await user.click(screen.getByRole('button', { name: 'Новый файл' }));
  const name = screen.getByLabelText(/^Имя файла/);
  await user.type(name, 'Night!{Enter}');
  expect(await screen.findByText(/^Латинские строчные буквы/)).toBeTruthy();
  await user.clear(name);
  await user.type(name, 'night{Enter}');
  await screen.findByRole('textbox', { name: 'Текст night.toml' });
  await user.click(screen.getByRole('button', { name: 'Ввести в действие' }));
  await user.click(await screen.findByRole('button', { name: 'ДА' }));

  await waitFor(() =>
    expect(server.askedOf('PUT /api/v1/admin/dialplans/night.toml')[0]?.body).toEqual({
      text: 'domain = "demo.tandem.test"\n',
    }),
  );
});

test('who may only look cannot type or put in force', async () => {
  await renderLive(server, <DialplansScreen />, { rights: ['dialplans.view'] });

  const text = await screen.findByRole('textbox', { name: 'Текст demo.toml' });
  expect(text).toHaveProperty('readOnly', true);
  expect(screen.queryByRole('button', { name: 'Ввести в действие' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Новый файл' })).toBeNull();
});

async function opened() {
  const user = userEvent.setup();
  const live = await renderLive(
    server,
    <ConfirmProvider>
      <DialplansScreen />
    </ConfirmProvider>,
    { rights: ['dialplans.view', 'dialplans.manage'] },
  );
  const text = await screen.findByRole<HTMLTextAreaElement>('textbox', {
    name: 'Текст demo.toml',
  });
  return { user, live, text };
}

const step = (ru: string) => ({ file: null, line: null, decides: false, text: { ru, en: ru } });

const GOOD = { ok: true, errors: [] };

const MISTAKE = (name: string) => ({
  file: name,
  line: 2,
  key: 'broken',
  message: { ru: 'Неизвестный ключ', en: 'unknown key' },
});
