import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';

/** The domain of the last sign-in from this browser. */
const LAST_DOMAIN = 'tandem.domain';

interface DomainField {
  /** Typed, else of the last sign-in, else what the server makes of its host. */
  readonly field: {
    readonly value: string;
    readonly onChange: (domain: string) => void;
    readonly onFocus: () => void;
    readonly onBlur: () => void;
  };
  /**
   * What is meant, without spaces around it; waits for the server's answer where that decides: whoever
   * types faster than it comes does not have to type the domain, too.
   */
  readonly meant: () => Promise<string>;
}

/** The field «Домен» of the forms before a sign-in; `fixed` where it is not asked for. */
export function useDomain(fixed?: string): DomainField {
  const [typed, setTyped] = useState<string>();
  /** As it was when the caret came: the server's answer must not come under the hands of who types. */
  const [held, setHeld] = useState<string>();
  const known = typed ?? fixed ?? localStorage.getItem(LAST_DOMAIN) ?? undefined;
  const hint = useQuery({
    queryKey: ['hint'],
    queryFn: () => body(api.GET('/auth/hint')),
    enabled: known === undefined,
    staleTime: Infinity,
    retry: false,
  });
  const value = known ?? held ?? hint.data?.domain ?? '';

  return {
    field: {
      value,
      onChange: setTyped,
      onFocus: () => setHeld(value),
      onBlur: () => setHeld(undefined),
    },
    meant: async () => {
      const answer = known ?? (hint.data ?? (await hint.refetch()).data)?.domain ?? '';
      return answer.trim();
    },
  };
}

export const rememberDomain = (domain: string): void => localStorage.setItem(LAST_DOMAIN, domain);
