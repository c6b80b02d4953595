import { useQuery, useQueryClient } from '@tanstack/react-query';
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
  const features = useQuery({
    queryKey: ['features', path],
    queryFn: () => ask<LineFeatures>('get', path),
  });
  const set = async (call_waiting: boolean) => {
    try {
      await ask('put', path, { body: { ...features.data, call_waiting } });
    } catch (error) {
      toast(says(error), 'missed');
    }
    await queries.invalidateQueries({ queryKey: ['features', path] });
  };
  return (
    <input
      type="checkbox"
      aria-label={t('profile.callWaitingOf', { number })}
      checked={features.data?.call_waiting ?? true}
      disabled={features.data === undefined}
      onChange={(event) => void set(event.target.checked)}
    />
  );
}
