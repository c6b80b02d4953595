import { useQuery } from '@tanstack/react-query';
import { Maximize2, X } from 'lucide-react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { api, body } from '../../api/client';
import type { CallCard, Interaction } from '../../api/types';
import { useLocale, useText } from '../../i18n/I18n';
import { relativeMoment } from '../../list/format';
import { Button } from '../../ui/Button';
import { Loaded } from '../../ui/States';
import { CallHistory, CallProperties, Facts } from '../calls/CallCardBody';
import { CallRecordings } from '../calls/CallRecordings';
import css from '../calls/calls.module.css';

interface Props {
  readonly interaction: Interaction;
  readonly onClose: () => void;
  readonly onExpand: () => void;
}

/** «Детальная карточка взаимодействия»: properties and history of what stands behind it. */
export function InteractionCard({ interaction, onClose, onExpand }: Props) {
  const t = useText();
  const id = interaction.call_id ?? '';
  const call = useQuery({
    queryKey: ['call', id],
    queryFn: () => body(api.GET('/calls/{id}', { params: { path: { id } } })),
    enabled: id !== '',
  });

  return (
    <section className={css.drawer} aria-label={interaction.description}>
      <header className={css.cardHead}>
        <h2 dir="auto">{interaction.description}</h2>
        <div className={css.cardButtons}>
          <Button icon={Maximize2} kind="quiet" isDisabled={id === ''} onPress={onExpand}>
            {t('interactions.expand')}
          </Button>
          <Button icon={X} kind="quiet" onPress={onClose}>
            {t('interactions.close')}
          </Button>
        </div>
      </header>
      <Loaded query={call} rows={6}>
        {(data) => (
          <Tabs className={css.tabs ?? ''} defaultSelectedKey="properties">
            <TabList className={css.tabList ?? ''} aria-label={interaction.description}>
              <Tab id="dialog" className={css.tab ?? ''}>
                {t('interactions.dialog')}
              </Tab>
              <Tab id="properties" className={css.tab ?? ''}>
                {t('interactions.properties')}
              </Tab>
              <Tab id="history" className={css.tab ?? ''}>
                {t('interactions.history')}
              </Tab>
            </TabList>
            <TabPanel id="dialog" className={css.panel ?? ''}>
              <Conversation card={data} />
            </TabPanel>
            <TabPanel id="properties" className={css.panel ?? ''}>
              <CallProperties card={data} />
              <CallRecordings recordings={data.recordings} />
            </TabPanel>
            <TabPanel id="history" className={css.panel ?? ''}>
              <CallHistory history={data.history} />
            </TabPanel>
          </Tabs>
        )}
      </Loaded>
    </section>
  );
}

/** Who spoke and when. There is nothing to read in a call: messages come with the chats. */
function Conversation({ card }: { readonly card: CallCard }) {
  const t = useText();
  const { locale } = useLocale();
  const stranger = card.direction === 'in' ? card.side_a : card.side_b;
  return (
    <>
      <Facts
        facts={[
          ['interactions.account', ''],
          ['interactions.subscriber', stranger.number],
          ['interactions.contact', stranger.name ?? ''],
          ['interactions.begun', relativeMoment(card.started_at, locale)],
          ['interactions.over', relativeMoment(card.ended_at, locale)],
          ['interactions.messages', '0'],
        ]}
      />
      <p className={css.note}>{t('interactions.noDialog')}</p>
    </>
  );
}
