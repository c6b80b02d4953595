import { useNavigate, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useSession } from '../../app/session';
import { useText } from '../../i18n/I18n';
import { Button } from '../../ui/Button';
import { Ladder } from '../admin/Ladder';
import { CallCardFrame } from './CallDrawer';
import css from './calls.module.css';

/** The card of a call on a page of its own, with its SIP messages for who may see them. */
export function CallPage() {
  const t = useText();
  const { may } = useSession();
  const navigate = useNavigate();
  const { id } = useParams({ from: '/signed-in/workspace/my_calls/$id' });
  return (
    <CallCardFrame
      id={id}
      isPage
      className={css.page ?? ''}
      buttons={
        <Button
          icon={ArrowLeft}
          kind="quiet"
          onPress={() =>
            void navigate({ to: '/workspace/$section', params: { section: 'my_calls' } })
          }
        >
          {t('calls.toList')}
        </Button>
      }
    >
      {may('trace.view') && <Ladder callId={id} />}
    </CallCardFrame>
  );
}
