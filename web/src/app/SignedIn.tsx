import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Refused } from '../api/refused';
import { useSettings } from '../api/settings';
import { connect } from '../live/connect';
import { LiveProvider } from '../live/LiveContext';
import { LoginDialog } from '../screens/login/LoginDialog';
import { ErrorState } from '../ui/States';
import { adoptSettings } from './appearance';
import { FollowSettings } from './FollowSettings';
import { Redirect } from './Redirect';
import { useSessionState } from './session';

/** Lets a user through, with the live connection; sends anybody else to sign in. */
export function SignedIn() {
  const { state } = useSessionState();
  const { href } = useLocation();

  switch (state.kind) {
    case 'loading':
      return null;
    case 'unreachable':
      return <ErrorState error={Refused.unreachable()} retry={state.retry} />;
    case 'none':
      return <Redirect to={href === '/' ? '/login' : `/login?to=${encodeURIComponent(href)}`} />;
    case 'signed_in':
      return <Connected key={state.me.id} />;
  }
}

function Connected() {
  const queries = useQueryClient();
  const [live] = useState(() => connect(queries, { bootstrap: true }));
  const settings = useSettings();
  useEffect(() => {
    if (settings.data) adoptSettings(settings.data);
  }, [settings.data]);

  return (
    <LiveProvider live={live}>
      <FollowSettings />
      <Outlet />
      <LoginDialog />
    </LiveProvider>
  );
}
