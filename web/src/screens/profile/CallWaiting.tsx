import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { ask } from '../../api/ask';
import type { LineFeatures } from '../../api/types';
import { useText } from '../../i18n/I18n';
import { useRefusalText } from '../../ui/States';
import { toast } from '../../ui/toasts';

interface Props {
  readonly line: string;
  readonly number: string;
}

/** Whether a line rings while it is in a call: a switch that is in force as soon as it is pressed. */
export function CallWaiting({ line, number }: Props) {
  const t = useText();
  const says = useRefusalText();
  const queries = useQueryClient();
  const path = `/me/lines/${encodeURIComponent(line)}/features`;
  const features = queryOptions({
    queryKey: ['features', path],
    queryFn: () => ask<LineFeatures>('get', path),
  });
  const { data, error } = useQuery(features);
  const set = async (call_waiting: boolean) => {
    try {
      // All of them are set together, and a phone may have changed some since they were read.
      const now = await queries.fetchQuery({ ...features, staleTime: 0 });
      await ask('put', path, { body: { ...now, call_waiting } });
    } catch (refusal) {
      toast(says(refusal), 'missed');
    }
    await queries.invalidateQueries(features);
  };
  if (data === undefined) return error && says(error);
  return (
    <input
      type="checkbox"
      aria-label={t('profile.callWaitingOf', { number })}
      checked={data.call_waiting ?? true}
      onChange={(event) => void set(event.target.checked)}
    />
  );
}
