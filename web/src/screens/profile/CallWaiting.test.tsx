// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { fakeServer, problem } from '../../testing/fakeServer';
import { renderLive } from '../../testing/live';
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
  const box = await screen.findByLabelText('Звонить на 1001 во время разговора');
  await waitFor(() => expect(box).toHaveProperty('disabled', false));
  return box;
}

test('the switch is set at once and leaves everything else of the line as it is', async () => {
  server.on(`GET ${PATH}`, () => FEATURES);
  const box = await shown();
  expect(box).toHaveProperty('checked', true);
  server.on(`PUT ${PATH}`, () => ({ ...FEATURES, call_waiting: false }));
  server.on(`GET ${PATH}`, () => ({ ...FEATURES, call_waiting: false }));
  await userEvent.setup().click(box);

  await waitFor(() => expect(box).toHaveProperty('checked', false));
  const sent = server.askedOf(`PUT ${PATH}`).map((it) => it.body);
  expect(sent).toEqual([{ ...FEATURES, call_waiting: false }]);
});

test('what the server does not take is not shown as set', async () => {
  server.on(`GET ${PATH}`, () => FEATURES);
  const box = await shown();
  server.on(`PUT ${PATH}`, () => problem(503, 'busy'));
  await userEvent.setup().click(box);

  await waitFor(() => expect(server.askedOf(`PUT ${PATH}`).length).toBeGreaterThan(0));
  await waitFor(() => expect(box).toHaveProperty('checked', true));
});
