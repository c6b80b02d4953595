import { useQuery } from '@tanstack/react-query';
import { Maximize2, Printer, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { api, body } from '../../api/client';
import { useText } from '../../i18n/I18n';
import { Button, IconButton } from '../../ui/Button';
import { Loaded } from '../../ui/States';
import { CallCardBody, useCallTitle } from './CallCardBody';
import css from './calls.module.css';

/** The card of a call beside the list. */
export function CallDrawer(props: {
  readonly id: string;
  /** Whether its recording begins by itself. */
  readonly plays: boolean;
  readonly onClose: () => void;
  readonly onExpand: () => void;
}) {
  const t = useText();
  return (
    <CallCardFrame
      id={props.id}
      plays={props.plays}
      className={css.drawer ?? ''}
      buttons={
        <>
          <IconButton icon={Maximize2} label={t('calls.expand')} onPress={props.onExpand} />
          <IconButton icon={X} label={t('calls.close')} onPress={props.onClose} />
        </>
      }
    />
  );
}

/** Heading, buttons and contents of a call's card, wherever it stands. */
export function CallCardFrame({
  id,
  className,
  buttons,
  isPage = false,
  plays = false,
  children,
}: {
  readonly id: string;
  readonly className: string;
  readonly buttons: ReactNode;
  readonly isPage?: boolean;
  readonly plays?: boolean;
  readonly children?: ReactNode;
}) {
  const t = useText();
  const card = useQuery({
    queryKey: ['call', id],
    queryFn: () => body(api.GET('/calls/{id}', { params: { path: { id } } })),
  });
  const title = useCallTitle(card.data);
  const Heading = isPage ? 'h1' : 'h2';

  return (
    <section className={`${className} ${css.printed}`} aria-label={title}>
      <header className={css.cardHead}>
        <Heading>
          <bdi>{title}</bdi>
        </Heading>
        <div className={css.cardButtons}>
          {card.data && (
            <Button icon={Printer} kind="quiet" onPress={() => globalThis.print()}>
              {t('calls.print')}
            </Button>
          )}
          {buttons}
        </div>
      </header>
      <Loaded query={card} rows={6}>
        {(data) => <CallCardBody card={data} plays={plays} />}
      </Loaded>
      {children}
    </section>
  );
}
