// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { fakeServer, problem } from '../../testing/fakeServer';
import { renderLive } from '../../testing/live';
import { CallersForm } from './CallersForm';

const server = fakeServer();
const PATH = '/api/v1/admin/lines/7/callers';
const unsaved = vi.fn();

async function open() {
  server.on(`GET ${PATH}`, () => ({ blocked: ['+7900*'], allowed: [] }));
  const form = (
    <CallersForm
      path="/admin/lines/7/callers"
      about="callers.ofLine"
      onUnsaved={unsaved}
      onClose={() => undefined}
    />
  );
  await renderLive(server, form);
  return await screen.findByLabelText('Не принимать от');
}

test('callers are blocked and allowed one a line, and shown as the server writes them', async () => {
  const user = userEvent.setup();
  const blocked = await open();
  server.on(`PUT ${PATH}`, () => ({ blocked: ['+7900*', 'anonymous'], allowed: ['+7495*'] }));
  await user.click(blocked);
  await user.paste('\n Anonymous \n');
  await user.click(screen.getByLabelText('Принимать только от'));
  await user.paste('+7 495*');
  expect(unsaved).toHaveBeenLastCalledWith(true);
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  await waitFor(() => expect(server.askedOf(`PUT ${PATH}`)).toHaveLength(1));
  expect(server.askedOf(`PUT ${PATH}`)[0]?.body).toEqual({
    blocked: ['+7900*', 'Anonymous'],
    allowed: ['+7 495*'],
  });
  await waitFor(() => expect(blocked).toHaveProperty('value', '+7900*\nanonymous'));
  expect(unsaved).toHaveBeenLastCalledWith(false);
});

test('all that is no caller is told beside its list, where the focus is', async () => {
  const user = userEvent.setup();
  await user.click(await open());
  server.on(`PUT ${PATH}`, () =>
    problem(422, 'invalid', {
      errors: [
        { field: 'blocked[1]', code: 'malformed', message: 'Напишите номер' },
        { field: 'blocked[2]', code: 'malformed', message: 'Напишите номер' },
      ],
    }),
  );
  await user.paste('\nspam\nmore');
  await user.click(screen.getByRole('button', { name: 'Сохранить' }));

  expect(await screen.findByText(/spam: Напишите номер\s+more: Напишите номер/)).toBeTruthy();
  const blocked = screen.getByLabelText('Не принимать от');
  expect(blocked).toHaveProperty('value', '+7900*\nspam\nmore');
  await waitFor(() => expect(document.activeElement).toBe(blocked));
});

test('what is no mistake of a list is told all the same, and saved by the same button then', async () => {
  const user = userEvent.setup();
  await user.click(await open());
  server.on(`PUT ${PATH}`, () => problem(503, 'busy'));
  await user.paste('\nanonymous');
  const save = screen.getByRole('button', { name: 'Сохранить' });
  await user.click(save);

  expect((await screen.findByRole('alert')).textContent).toBeTruthy();
  await waitFor(() => expect(document.activeElement).toBe(save));
});
