import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useSession, useSessionState } from '../../app/session';
import { useText } from '../../i18n/I18n';
import { useLiveConnection } from '../../live/LiveContext';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/cx';
import styles from './Login.module.css';
import { LoginForm } from './LoginForm';

/** The session is over: the password again, over the page, so that nothing typed is lost. */
export function LoginDialog() {
  const t = useText();
  const { me } = useSession();
  const { state, signedIn, signOut } = useSessionState();
  const live = useLiveConnection();
  const isOver = state.kind === 'signed_in' && state.isOver;

  return (
    <ModalOverlay className={cx(styles.overlay)} isOpen={isOver} isKeyboardDismissDisabled>
      <Modal className={cx(styles.card)}>
        <Dialog className={cx(styles.dialog)}>
          <Heading slot="title">{t('login.again')}</Heading>
          <p>{t('login.againHow', { name: me.name })}</p>
          <LoginForm
            who={{ domain: me.domain.name, login: me.login }}
            onSignedIn={(next) => {
              signedIn(next);
              live.resume();
            }}
          />
          <Button kind="quiet" onPress={() => void signOut()}>
            {t('login.asAnother')}
          </Button>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
