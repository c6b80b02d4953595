// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { fakeServer, problem } from '../../testing/fakeServer';
import { renderLive } from '../../testing/live';
import { shownToasts } from '../../ui/toasts';
import { CallWaiting } from './CallWaiting';

const server = fakeServer();
const PATH = '/api/v1/me/lines/7/features';
const FEATURES = {
  do_not_disturb: false,
  call_waiting: true,
  forward_all: '1003',
  forward_busy: null,
  forward_no_answer: null,
  forward_offline: null,
};

async function shown() {
  await renderLive(server, <CallWaiting line="7" number="1001" />);
  return await screen.findByLabelText('Звонить на 1001 во время разговора');
}

test('the switch is set at once and leaves all else as a phone has set it meanwhile', async () => {
  server.on(`GET ${PATH}`, () => FEATURES);
  const box = await shown();
  expect(box).toHaveProperty('checked', true);
  let now = { ...FEATURES, do_not_disturb: true, forward_all: null };
  server.on(`GET ${PATH}`, () => now);
  server.on(`PUT ${PATH}`, () => {
    now = { ...now, call_waiting: false };
    return now;
  });
  await userEvent.setup().click(box);

  await waitFor(() => expect(box).toHaveProperty('checked', false));
  const sent = server.askedOf(`PUT ${PATH}`).map((it) => it.body);
  expect(sent).toEqual([
    { ...FEATURES, do_not_disturb: true, forward_all: null, call_waiting: false },
  ]);
});

test('what the server does not take is told, and not shown as set', async () => {
  server.on(`GET ${PATH}`, () => FEATURES);
  const box = await shown();
  server.on(`PUT ${PATH}`, () => problem(503, 'busy', { detail: 'Занят' }));
  await userEvent.setup().click(box);

  await waitFor(() => expect(shownToasts().at(-1)?.text).toBe('Занят'));
  expect(box).toHaveProperty('checked', true);
});

test('a switch that is not known is not shown, and why is', async () => {
  server.on(`GET ${PATH}`, () => problem(503, 'busy', { detail: 'Занят' }));
  await renderLive(server, <CallWaiting line="7" number="1001" />);

  expect(await screen.findByText('Занят')).toBeTruthy();
  expect(screen.queryByRole('checkbox')).toBeNull();
});
