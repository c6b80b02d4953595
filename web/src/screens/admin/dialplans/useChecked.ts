import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ask } from '../../../api/ask';
import type { Checked, Mistake } from '../../../api/types';

/** What is wrong with a text as it is typed; `check` asks at once. */
export function useChecked(name: string, text: string) {
  const queries = useQueryClient();
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);

  const queryOf = (wanted: string) => ({
    queryKey: ['admin', 'dialplan-check', name, wanted],
    queryFn: () => ask<Checked>('post', '/admin/dialplans/check', { body: { name, text: wanted } }),
    // Prompts and other files may have changed since.
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const checked = useQuery({ ...queryOf(settled), placeholderData: (previous) => previous });

  return {
    /** `undefined` until the first answer. */
    mistakes: checked.data?.errors,
    failure: checked.error,
    check: async (): Promise<readonly Mistake[]> => {
      const answer = await queries.fetchQuery(queryOf(text));
      setSettled(text);
      return answer.errors;
    },
  };
}

/** Nobody wants to hear of a mistake in the middle of a word. */
const PAUSE_MS = 600;
