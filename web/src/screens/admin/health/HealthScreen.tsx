import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ask } from '../../../api/ask';
import type { Health } from '../../../api/types';
import { useLocale, useText } from '../../../i18n/I18n';
import { moment } from '../../../list/format';
import { Badge } from '../../../ui/Badge';
import { duration } from '../../../ui/duration';
import { ErrorState, Skeleton } from '../../../ui/States';
import { bytes, cpuShares, type Sample, troublesOf, withSample } from './figures';
import css from './health.module.css';
import { OutboundAlarms } from './OutboundAlarms';
import { Group, Tile } from './Tile';

/** How the server is, read every two seconds; figures change where they stand. */
export default function HealthScreen() {
  const t = useText();
  const { samples, failure, retry } = useSamples();
  const last = samples.at(-1);
  return (
    <div className={css.screen}>
      <header className={css.head}>
        <h1>{t('admin.section.health')}</h1>
        {last && <Updated at={last.at} isStale={failure !== null} />}
      </header>
      {last ? (
        <Figures samples={samples} health={last.health} />
      ) : failure ? (
        <ErrorState error={failure} retry={retry} />
      ) : (
        <Skeleton rows={6} />
      )}
    </div>
  );
}

function useSamples() {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const health = useQuery({
    queryKey: ['admin', 'health'],
    queryFn: ({ signal }) => ask<Health>('get', '/admin/health', { signal }),
    refetchInterval: READ_EVERY_MS,
    retry: false,
  });
  const { data, dataUpdatedAt, error } = health;
  useEffect(() => {
    if (data) setSamples((it) => withSample(it, { at: dataUpdatedAt, health: data }));
  }, [data, dataUpdatedAt]);
  return { samples, failure: error, retry: () => void health.refetch() };
}

function Updated({ at, isStale }: { readonly at: number; readonly isStale: boolean }) {
  const t = useText();
  const { locale } = useLocale();
  const time = moment(new Date(at).toISOString(), locale);
  return (
    <p className={css.updated} data-stale={isStale || undefined}>
      {t(isStale ? 'admin.health.stale' : 'admin.health.updated', { time })}
    </p>
  );
}

function Figures(props: { readonly samples: readonly Sample[]; readonly health: Health }) {
  const { samples, health } = props;
  const t = useText();
  const { locale } = useLocale();
  const number = new Intl.NumberFormat(locale);
  const over = (value: (it: Health) => number) => samples.map((it) => value(it.health));
  const shares = cpuShares(samples);
  const share = shares.at(-1);
  const troubles = troublesOf(health);
  const days = Math.floor(health.uptime_s / DAY_S);
  return (
    <>
      <div className={css.verdict} role="status">
        {troubles.length === 0 && <Badge tone="ready">{t('admin.health.good')}</Badge>}
        {troubles.map((it) => (
          <Badge key={it} tone="missed">
            {t(`admin.health.trouble.${it}`)}
          </Badge>
        ))}
      </div>
      <OutboundAlarms />
      <Group title={t('admin.health.work')}>
        <Tile
          label={t('admin.health.calls')}
          value={number.format(health.calls)}
          line={over((it) => it.calls)}
        />
        <Tile
          label={t('admin.health.legs')}
          value={number.format(health.legs)}
          line={over((it) => it.legs)}
        />
        <Tile
          label={t('admin.health.media')}
          value={number.format(health.media.sessions)}
          line={over((it) => it.media.sessions)}
        />
        <Tile
          label={t('admin.health.registrations')}
          value={number.format(health.registrations)}
          line={over((it) => it.registrations)}
        />
      </Group>
      <Group title={t('admin.health.process')}>
        <Tile
          label={t('admin.health.cpu')}
          value={share === undefined ? '…' : `${number.format(Math.round(share))} %`}
          note={t('admin.health.cpuNote')}
          line={shares}
        />
        <Tile
          label={t('admin.health.memory')}
          value={bytes(health.memory_bytes, locale)}
          line={over((it) => it.memory_bytes)}
        />
        <Tile
          label={t('admin.health.files')}
          value={number.format(health.files)}
          line={over((it) => it.files)}
        />
        <Tile
          label={t('admin.health.uptime')}
          value={duration((health.uptime_s % DAY_S) * 1000)}
          {...(days > 0 && { note: t('admin.health.days', { count: days }) })}
        />
        <Tile
          label={t('admin.health.version')}
          value={health.version}
          note={t('admin.health.shards', { count: health.shards })}
        />
      </Group>
      <Group title={t('admin.health.storage')}>
        <Tile
          label={t('admin.health.database')}
          value={t(health.database.ok ? 'admin.health.answers' : 'admin.health.silent')}
          note={DATABASES[health.database.kind] ?? health.database.kind}
          isBad={!health.database.ok}
        />
        <Tile
          label={t('admin.health.latency')}
          value={t('admin.health.ms', { ms: number.format(round(health.database.latency_ms)) })}
          isBad={troubles.includes('database_slow')}
          line={over((it) => it.database.latency_ms)}
        />
        <Tile
          label={t('admin.health.spool')}
          value={bytes(health.spool.bytes, locale)}
          isBad={troubles.includes('spool_waits')}
          line={over((it) => it.spool.bytes)}
        />
        <Tile
          label={t('admin.health.disk')}
          value={health.disk_free_bytes === null ? '—' : bytes(health.disk_free_bytes, locale)}
          isBad={troubles.includes('disk_low')}
        />
      </Group>
    </>
  );
}

/** One figure after the point, as long as it says something. */
const round = (ms: number): number => (ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms));

const READ_EVERY_MS = 2000;
const DAY_S = 86_400;
const DATABASES: Readonly<Record<string, string>> = { sqlite: 'SQLite', postgresql: 'PostgreSQL' };
