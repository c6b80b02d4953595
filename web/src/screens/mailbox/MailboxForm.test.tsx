// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { fakeServer, problem } from '../../testing/fakeServer';
import { renderLive } from '../../testing/live';
import { MailboxForm } from './MailboxForm';

const server = fakeServer();
const PATH = '/api/v1/me/lines/7/mailbox';

async function open(more: object = {}) {
  server.on(`GET ${PATH}`, () => ({ ...MAILBOX, ...more }));
  await renderLive(server, <MailboxForm path="/me/lines/7/mailbox" onClose={() => undefined} />);
  return await screen.findByLabelText(/^Писать о сообщениях/);
}

test('letters go where the owner says, and what the server minds stands beside the field', async () => {
  const user = userEvent.setup();
  await user.click(await open());
  server.on(`PUT ${PATH}`, () =>
    problem(422, 'invalid', {
      errors: [{ field: 'email', code: 'malformed', message: 'Один адрес' }],
    }),
  );
  await user.paste('anna@a.example');
  await user.click(screen.getByLabelText('Удалять из ящика отправленное'));
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  expect(await screen.findByText('Один адрес')).toBeTruthy();
  expect(server.askedOf(`PUT ${PATH}`)[0]?.body).toEqual({
    email: 'anna@a.example',
    attach: true,
    delete_sent: true,
  });
});

test('a PIN is set and removed', async () => {
  const user = userEvent.setup();
  await open({ has_pin: true });
  server.on(`PUT ${PATH}/pin`, () => ({}));
  await user.click(screen.getByLabelText('Новый пин-код'));
  await user.paste('4711');
  await user.click(screen.getByRole('button', { name: 'Сменить пин-код' }));
  await waitFor(() => expect(server.askedOf(`PUT ${PATH}/pin`)).toHaveLength(1));
  await user.click(screen.getByRole('button', { name: 'Убрать пин-код' }));

  await waitFor(() => expect(server.askedOf(`PUT ${PATH}/pin`)).toHaveLength(2));
  const bodies = server.askedOf(`PUT ${PATH}/pin`).map((it) => it.body);
  expect(bodies).toEqual([{ pin: '4711' }, { pin: null }]);
});

test('where the server sends no mail, the form says so', async () => {
  await open({ can_write: false });
  expect(screen.getByText(/нет раздела \[mail\]/)).toBeTruthy();
});

const MAILBOX = {
  email: null,
  attach: true,
  delete_sent: false,
  can_write: true,
  has_pin: false,
  new: 1,
  saved: 2,
};
