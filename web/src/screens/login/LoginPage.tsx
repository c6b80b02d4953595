import { Link, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { homeOf } from '../../app/home';
import { Redirect } from '../../app/Redirect';
import { useSessionState } from '../../app/session';
import { useText } from '../../i18n/I18n';
import { LanguageSwitch } from './LanguageSwitch';
import styles from './Login.module.css';
import { LoginForm } from './LoginForm';

/** «Авторизация»: whoever is signed in already goes on to where they wanted. */
export function LoginPage() {
  const t = useText();
  const { to } = useSearch({ from: '/login' });
  const { state, signedIn } = useSessionState();
  if (state.kind === 'signed_in' && !state.isOver) {
    return <Redirect to={to ?? homeOf(state.me)} />;
  }

  return (
    <LoginCard title={t('login.title')}>
      <LoginForm onSignedIn={signedIn} />
      <p className={styles.links}>
        <Link to="/recover">{t('login.recover')}</Link>
      </p>
    </LoginCard>
  );
}

/** The card in the middle that signing in and recovering share. */
export function LoginCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <img src="/favicon.svg" alt="" />
          <strong>Tandem</strong>
          <LanguageSwitch />
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
