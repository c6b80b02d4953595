import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { ask } from '../../../api/ask';
import type { Right } from './rights';

/** All rights that there are; a release of the server does not change them as it runs. */
export function useRights(): UseQueryResult<Right[]> {
  return useQuery({
    queryKey: ['admin', 'rights'],
    queryFn: async () => (await ask<{ items: Right[] }>('get', '/admin/rights')).items,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
