import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { readAnew } from './readAnew';

const KEY = ['list'];

test('an answer that is on its way when something changes is not the last one', async () => {
  const { queries, asked, answer } = watched();
  expect(asked()).toBe(1);

  const done = readAnew(queries, KEY);
  await answer('before the change');
  expect(asked()).toBe(2);
  await answer('after it');
  await done;

  expect(queries.getQueryData(KEY)).toBe('after it');
  expect(asked()).toBe(2);
});

test('changes that come while it is read are answered by one more reading, and what comes is shown', async () => {
  const { queries, asked, answer } = watched();
  await answer('first');
  const done = Promise.all([1, 2, 3].map(() => readAnew(queries, KEY)));
  await settled();
  for (let n = 0; n < 5; n++) void readAnew(queries, KEY);
  expect(asked()).toBe(2);

  await answer('second');
  expect(queries.getQueryData(KEY)).toBe('second');
  await answer('third');
  await done;

  expect(queries.getQueryData(KEY)).toBe('third');
  expect(asked()).toBe(3);
});

test('a reading that fails is over, and the next change reads again', async () => {
  const { queries, asked, answer, refuse } = watched();
  await answer('first');
  const failing = readAnew(queries, KEY);
  await settled();
  await refuse();
  await failing;
  const done = readAnew(queries, KEY);
  await settled();
  await answer('second');
  await done;

  expect([queries.getQueryData(KEY), asked()]).toEqual(['second', 3]);
});

test('an answer that is on its way to nobody is given up, and who looks next asks anew', async () => {
  const { queries, asked, answer, look, leave } = watched();
  leave();

  await readAnew(queries, KEY);
  await answer('before the change');
  expect(queries.getQueryData(KEY)).toBeUndefined();
  look();
  await answer('after it');

  expect([queries.getQueryData(KEY), asked()]).toEqual(['after it', 2]);
});

/** A list that somebody looks at, answered by hand. */
function watched() {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const waiting: { resolve: (it: string) => void; reject: (it: Error) => void }[] = [];
  let count = 0;
  const queryFn = () => {
    count += 1;
    return new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
  };
  const observer = new QueryObserver(queries, { queryKey: KEY, queryFn });
  const look = () => observer.subscribe(() => {});
  return {
    queries,
    look,
    leave: look(),
    asked: () => count,
    answer: async (text: string) => {
      waiting.shift()?.resolve(text);
      await settled();
    },
    refuse: async () => {
      waiting.shift()?.reject(new Error('refused'));
      await settled();
    },
  };
}

/** Lets what is due happen. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
