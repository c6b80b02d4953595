import { useMemo, useState } from 'react';
import { ask } from '../../api/ask';
import type { Cdr } from '../../api/types';
import { useSession } from '../../app/session';
import { useLocale, useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { moment, party } from '../../list/format';
import { ListScreen } from '../../list/ListScreen';
import type { Page } from '../../list/pages';
import { queryOf } from '../../list/query';
import type { ListState } from '../../list/state';
import type { FetchRows } from '../../list/usePages';
import { localZone } from '../../list/zone';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { talkTime } from '../../ui/duration';
import { useNewCalls } from '../calls/CallsScreen';
import { CAUSES, useCauseText } from '../calls/useCallsSpec';
import css from './admin.module.css';
import { Ladder } from './Ladder';

/** The call log, one row a leg, searched and exported by the server. */
export default function CdrsScreen() {
  const t = useText();
  const { may } = useSession();
  const spec = useCdrsSpec();
  const watch = useNewCalls<Cdr>();
  const [traced, setTraced] = useState<string>();
  const exportUrl = (state: ListState) => {
    const query = { ...queryOf(state, spec, Date.now(), localZone()) } as Record<string, string>;
    delete query.limit;
    return `/api/v1/admin/cdrs.csv?${new URLSearchParams(query)}`;
  };

  return (
    <ListScreen
      title={t('admin.section.cdrs')}
      spec={spec}
      idOf={idOf}
      fetchRows={fetchCdrs}
      watch={watch}
      emptyText={t('admin.cdrs.empty')}
      canSeeJson={may('ui.json')}
      onCloseCard={() => setTraced(undefined)}
      {...(may('cdrs.export') && { exportUrl })}
      {...(may('trace.view') && { onOpen: (it: Cdr) => setTraced(it.call_id) })}
      card={
        traced !== undefined && (
          <aside className={cx(css.drawer, css.wide)} aria-label={t('ladder.title')}>
            <Ladder callId={traced} />
            <div className={css.buttons}>
              <Button onPress={() => setTraced(undefined)}>{t('admin.close')}</Button>
            </div>
          </aside>
        )
      }
    />
  );
}

function useCdrsSpec(): GridSpec<Cdr> {
  const { locale } = useLocale();
  const cause = useCauseText();
  return useMemo(
    () => ({
      screen: 'admin.cdrs',
      period: 'today',
      columns: [
        {
          id: 'time',
          label: 'calls.time',
          text: (it) => moment(it.started_at, locale),
          width: 160,
          sortField: 'time',
          isFixed: true,
        },
        { id: 'caller', label: 'calls.sideA', text: (it) => it.caller, width: 120 },
        { id: 'dialled', label: 'calls.dialled', text: (it) => it.dialled, width: 150 },
        {
          id: 'leg',
          label: 'ladder.leg',
          text: (it) => party(it, it.number),
          width: 160,
          isWide: true,
        },
        { id: 'trunk', label: 'admin.cdrs.trunk', text: (it) => it.trunk ?? '', width: 90 },
        {
          id: 'talk',
          label: 'calls.talk',
          text: (it) => talkTime(it.talk_ms, it.answer_ms !== null),
          width: 90,
          isNumber: true,
        },
        { id: 'cause', label: 'calls.cause', text: (it) => cause(it.cause), width: 145 },
        {
          id: 'status',
          label: 'admin.cdrs.status',
          text: (it) => String(it.sip_status),
          width: 60,
          isNumber: true,
        },
        { id: 'codec', label: 'ladder.codec', text: (it) => it.codec ?? '', width: 105 },
        {
          id: 'lost',
          label: 'ladder.lost',
          text: (it) => String(it.packets_lost),
          width: 90,
          isNumber: true,
          isHiddenAtFirst: true,
        },
      ],
      filters: [
        { id: 'number', label: 'admin.cdrs.number' },
        {
          id: 'cause',
          label: 'calls.cause',
          options: CAUSES,
          optionLabel: cause,
        },
        { id: 'trunk', label: 'admin.cdrs.trunk' },
      ],
      sort: [{ field: 'time', descending: true }],
      sortKeysMax: 1,
    }),
    [locale, cause],
  );
}

const idOf = (it: Cdr) => it.cdr_id;

const fetchCdrs: FetchRows<Cdr> = (query, signal) =>
  ask<Page<Cdr>>('get', '/admin/cdrs', { query, signal });
