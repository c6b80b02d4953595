import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import type { ActiveCall } from '../api/types';
import { useRefusalText } from '../ui/States';
import { toast } from '../ui/toasts';

/** «Завершить»: one click, no question. The call goes away when the server says so. */
export function useHangup(call: ActiveCall): { hangUp: () => void; isPending: boolean } {
  const says = useRefusalText();
  const { mutate, isPending } = useMutation({
    mutationFn: () => api.POST('/calls/{id}/hangup', { params: { path: { id: call.id } } }),
    onError: (error) => toast(says(error), 'missed'),
  });
  return { hangUp: () => mutate(), isPending: isPending || call.state === 'ending' };
}
