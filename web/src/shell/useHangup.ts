import { useMutation } from '@tanstack/react-query';
import type { ActiveCall } from '../api/types';
import { useRefusalText } from '../ui/States';
import { toast } from '../ui/toasts';
import { hangUp } from './calls';

/** «Завершить»: one click, no question. The call goes away when the server says so. */
export function useHangup(call: ActiveCall): { hangUp: () => void; isPending: boolean } {
  const says = useRefusalText();
  const { mutate, isPending } = useMutation({
    mutationFn: () => hangUp(call),
    onError: (error) => toast(says(error), 'missed'),
  });
  return { hangUp: () => mutate(), isPending: isPending || call.state === 'ending' };
}
