import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { ask } from '../../api/ask';
import type { Configuration } from '../../api/types';
import { useSession } from '../../app/session';

/** The configuration in force; never there for those who may not see it. */
export function useConfiguration(): UseQueryResult<Configuration> {
  const { may } = useSession();
  return useQuery({
    queryKey: ['admin', 'config'],
    queryFn: () => ask<Configuration>('get', '/admin/config'),
    enabled: may('config.view'),
  });
}
