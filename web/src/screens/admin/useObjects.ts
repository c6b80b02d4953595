import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { ask } from '../../api/ask';
import { useFollow } from '../../live/useFollow';

interface Objects<T> {
  readonly rows: UseQueryResult<T[]>;
  readonly refresh: () => Promise<void>;
  /** Shows an object as it was just saved, before it is read anew. */
  readonly adopt: (it: T) => void;
}

/** The objects of a kind, read anew whenever the server says that one of them has changed. */
export function useObjects<T extends { readonly id: string }>(
  object: string,
  path: string,
): Objects<T> {
  const queries = useQueryClient();
  const key = ['admin', object];
  const rows = useQuery({
    queryKey: key,
    queryFn: async () => (await ask<{ items: T[] }>('get', path)).items,
  });
  const refresh = useFollow(
    key,
    'admin',
    'admin.changed',
    ({ d }) => (d as { object: string }).object === object,
  );
  const adopt = (it: T) =>
    queries.setQueryData<T[]>(key, (all) => all?.map((old) => (old.id === it.id ? it : old)));
  return { rows, refresh, adopt };
}
