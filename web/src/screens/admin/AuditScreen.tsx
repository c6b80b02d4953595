import { useMemo } from 'react';
import { ask } from '../../api/ask';
import type { AuditEntry } from '../../api/types';
import { useSession } from '../../app/session';
import { type TextId, useLocale, useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { moment } from '../../list/format';
import { ListScreen } from '../../list/ListScreen';
import type { Page } from '../../list/pages';
import type { FetchRows } from '../../list/usePages';
import { AUDIT_ACTIONS, AUDIT_OBJECTS } from './auditWords';

/** Who did what, when, and from where. */
export default function AuditScreen() {
  const t = useText();
  const { may } = useSession();
  const { locale } = useLocale();
  const spec = useMemo<GridSpec<AuditEntry>>(() => {
    const inWords = (texts: Readonly<Record<string, TextId>>) => (code: string) => {
      const id = Object.hasOwn(texts, code) ? texts[code] : undefined;
      return id ? t(id) : code;
    };
    const [action, object] = [inWords(AUDIT_ACTIONS), inWords(AUDIT_OBJECTS)];
    return {
      screen: 'admin.audit',
      period: 'week',
      columns: [
        {
          id: 'time',
          label: 'calls.time',
          text: (it) => moment(it.at, locale),
          width: 160,
          isFixed: true,
        },
        { id: 'who', label: 'admin.audit.who', text: (it) => it.who, width: 140 },
        { id: 'what', label: 'admin.audit.what', text: (it) => action(it.what), width: 210 },
        { id: 'object', label: 'admin.audit.object', text: (it) => object(it.object), width: 140 },
        { id: 'ip', label: 'admin.audit.ip', text: (it) => it.ip, width: 130 },
        {
          id: 'change',
          label: 'admin.audit.change',
          text: (it) => changeOf(it.before, it.after),
          width: 280,
          isWide: true,
        },
      ],
      filters: [
        { id: 'who', label: 'admin.audit.who' },
        {
          id: 'what',
          label: 'admin.audit.what',
          options: Object.keys(AUDIT_ACTIONS),
          optionLabel: action,
        },
        {
          id: 'object',
          label: 'admin.audit.object',
          options: Object.keys(AUDIT_OBJECTS),
          optionLabel: object,
        },
      ],
      sort: [],
      sortKeysMax: 1,
    };
  }, [locale, t]);
  return (
    <ListScreen
      title={t('admin.section.audit')}
      spec={spec}
      idOf={idOf}
      fetchRows={fetchAudit}
      emptyText={t('admin.audit.empty')}
      canSeeJson={may('ui.json')}
    />
  );
}

/** What differs between the two, as `field: before → after`. */
export function changeOf(before: unknown, after: unknown): string {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((it) => JSON.stringify(old[it]) !== JSON.stringify(now[it]))
    .map((it) => `${it}: ${shown(old[it])} → ${shown(now[it])}`)
    .join('; ');
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const idOf = (it: AuditEntry) => it.id;

const fetchAudit: FetchRows<AuditEntry> = (query, signal) =>
  ask<Page<AuditEntry>>('get', '/admin/audit', { query, signal });
