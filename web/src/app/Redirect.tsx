import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';

/** Goes to `to` once, however often it is rendered while that page loads. */
export function Redirect({ to }: { to: string }) {
  const { history } = useRouter();
  const [target] = useState(to);
  useEffect(() => history.replace(target), [history, target]);
  return null;
}
