import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { ask } from '../../api/ask';
import { useFrames, useTopic } from '../../live/LiveContext';

/** The objects of a kind, read anew whenever the server says that one of them has changed. */
export function useObjects<T>(
  object: string,
  path: string,
): { readonly rows: UseQueryResult<T[]>; readonly refresh: () => Promise<void> } {
  const queries = useQueryClient();
  const key = ['admin', object];
  useTopic('admin');
  const rows = useQuery({
    queryKey: key,
    queryFn: async () => (await ask<{ items: T[] }>('get', path)).items,
  });
  const refresh = () => queries.invalidateQueries({ queryKey: key });
  useFrames('admin.changed', ({ d }) => {
    if ((d as { object: string }).object === object) void refresh();
  });
  return { rows, refresh };
}
