// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import type { ActiveCall, Line } from '../api/types';
import { otherSide, ownCalls } from './calls';
import { bestFirst } from './SearchDialog';

const line: Line = {
  id: 'l1',
  number: '1001',
  sip_user: '1001',
  name: 'A',
  status: 'idle',
  since: '',
};

test('calls of other lines are not the user’s, and the oldest comes first', () => {
  const calls = [call('b', '10:02', 'l1'), call('x', '10:00', 'l9'), call('a', '10:01', 'l1')];

  expect(ownCalls(calls, [line]).map((it) => it.id)).toEqual(['a', 'b']);
});

test('the other side of a call that comes in is its caller', () => {
  expect(otherSide(call('a', '', 'l1'), [line])).toEqual({ number: '+7495', name: 'Client' });
});

test('the other side of a call that goes out is who was rung, before that the number dialled', () => {
  const out: ActiveCall = { ...call('a', '', null), dialled: '1002' };
  const caller = leg('caller', 'l1');
  const rung = { ...leg('callee', 'l2'), number: '1002', name: 'B' };

  expect(otherSide({ ...out, legs: [caller] }, [line])).toEqual({ number: '1002', name: null });
  expect(otherSide({ ...out, legs: [caller, rung] }, [line])).toEqual({
    number: '1002',
    name: 'B',
  });
});

test('the search puts what begins with the text first, then words, then the rest', () => {
  const titles = ['Операторы', 'Мои письма', 'Комои', 'Мои диалоги', 'Не мои'];

  expect(
    bestFirst(
      titles.map((title) => ({ title })),
      'мои',
    ).map((it) => it.title),
  ).toEqual(['Мои письма', 'Мои диалоги', 'Не мои', 'Комои']);
});

function call(id: string, started_at: string, line_id: string | null): ActiveCall {
  return {
    id,
    direction: 'in',
    state: 'talking',
    caller: { number: '+7495', name: 'Client' },
    dialled: '1001',
    started_at,
    answered_at: null,
    legs: [leg('callee', line_id)],
    recording: 'off',
    is_recording_forced: false,
    actions: [],
  };
}

function leg(role: 'caller' | 'callee', line_id: string | null): ActiveCall['legs'][number] {
  return { id: role, role, number: '1001', name: null, line_id, state: 'talking', since: '' };
}
