import { Phone, PhoneForwarded } from 'lucide-react';
import { useRef, useState } from 'react';
import { Dialog, Popover } from 'react-aria-components';
import { useSwitch } from '../../api/settings';
import { useText } from '../../i18n/I18n';
import { useLive } from '../../live/LiveContext';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { LineBadge } from '../../ui/LineBadge';
import { EmptyState, Skeleton } from '../../ui/States';
import { Legend } from './Legend';
import { PhoneGrid } from './PhoneGrid';
import css from './phones.module.css';
import { useFreeCount, usePhones, useRemovedPhones, useStaleSince } from './usePhones';

/** «Панель телефонов»: who is free, at a glance. */
export default function PhonePanel() {
  const t = useText();
  const phones = usePhones();
  const free = useFreeCount();
  const isStale = useStaleSince() !== undefined;
  const isLoaded = useLive((state) => state.hasExtensions);
  const [hasGlyphs, setGlyphs] = useSwitch('phone_panel.glyphs', true);
  useRemovedPhones();
  const [opened, setOpened] = useState<string>();
  const cell = useRef<HTMLElement>(null);

  return (
    <div className={css.panel}>
      <header className={css.bar}>
        <h1>{t('title.phone_panel')}</h1>
        <span>{t('phones.free', { free, total: phones.length })}</span>
        <Legend />
        <label className={css.switch}>
          <input
            type="checkbox"
            checked={hasGlyphs}
            onChange={(event) => setGlyphs(event.target.checked)}
          />
          {t('phones.glyphs')}
        </label>
      </header>
      {phones.length > 0 ? (
        <PhoneGrid
          phones={phones}
          label={t('title.phone_panel')}
          gap={4}
          hasGlyphs={hasGlyphs}
          isStale={isStale}
          onPress={(id, element) => {
            cell.current = element;
            setOpened(id);
          }}
        />
      ) : isLoaded ? (
        <EmptyState>{t('phones.empty')}</EmptyState>
      ) : (
        <Skeleton rows={6} />
      )}
      <Popover
        triggerRef={cell}
        isOpen={opened !== undefined}
        onOpenChange={(isOpen) => {
          if (!isOpen) setOpened(undefined);
        }}
        className={cx(css.popover)}
      >
        <Dialog className={cx(css.details)} aria-label={t('phones.details')}>
          {opened !== undefined && <Details id={opened} />}
        </Dialog>
      </Popover>
    </div>
  );
}

function Details({ id }: { readonly id: string }) {
  const t = useText();
  const phone = useLive((state) => state.extensions.get(id));
  if (!phone) return null;
  return (
    <>
      <p className={css.detailNumber}>{phone.number}</p>
      <p dir="auto">{phone.name || t('calls.unknown')}</p>
      <LineBadge status={phone.status} />
      <Button icon={Phone} isDisabled>
        {t('calls.call')}
      </Button>
      <Button icon={PhoneForwarded} isDisabled>
        {t('phones.transfer')}
      </Button>
      <p className={css.note}>{t('calls.noOriginate')}</p>
    </>
  );
}
