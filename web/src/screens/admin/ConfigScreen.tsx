import { RefreshCw } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { ConfigKey } from '../../api/types';
import { useSession } from '../../app/session';
import { type TextId, useServerText, useText } from '../../i18n/I18n';
import type { GridSpec } from '../../list/columns';
import { LocalScreen } from '../../list/LocalScreen';
import { Button } from '../../ui/Button';
import { ErrorState } from '../../ui/States';
import css from './admin.module.css';
import { useConfiguration } from './useConfiguration';

/** The configuration in force, key by key. It is changed in its file. */
export default function ConfigScreen() {
  const t = useText();
  const { may } = useSession();
  const configuration = useConfiguration();
  const [opened, setOpened] = useState<string>();
  const spec = useMemo<GridSpec<ConfigKey>>(
    () => ({
      screen: 'admin.config',
      period: undefined,
      columns: [
        {
          id: 'key',
          label: 'admin.config.key',
          text: (it) => it.key,
          width: 230,
          sortField: 'key',
          isFixed: true,
        },
        {
          id: 'value',
          label: 'admin.config.value',
          text: (it) => shownValue(it, t('admin.config.secret')),
          width: 200,
          isWide: true,
          sortField: 'value',
        },
        {
          id: 'source',
          label: 'admin.config.source',
          text: (it) => t(`admin.config.source.${it.source}`),
          width: 150,
          sortField: 'source',
        },
        {
          id: 'change',
          label: 'admin.config.change',
          text: (it) => t(changeOf(it)),
          width: 130,
          sortField: 'change',
        },
      ],
      filters: [],
      sort: [],
      sortKeysMax: 2,
    }),
    [t],
  );
  if (configuration.isLoadingError) {
    const retry = () => void configuration.refetch();
    return <ErrorState error={configuration.error} retry={retry} />;
  }
  const { data } = configuration;
  const shown = data?.items.find((it) => it.key === opened);

  return (
    <LocalScreen
      title={t('admin.section.config')}
      note={
        data &&
        (data.file === null
          ? t('admin.config.noFile')
          : t('admin.config.file', { file: data.file }))
      }
      spec={spec}
      rows={data?.items}
      idOf={idOf}
      searchLabel={t('list.search')}
      emptyText={t('admin.config.empty')}
      canSeeJson={may('ui.json')}
      actionsFor={() => [
        {
          id: 'refresh',
          label: t('admin.config.refresh'),
          icon: RefreshCw,
          onPress: () => void configuration.refetch(),
        },
      ]}
      onOpen={(it) => setOpened(it.key)}
      onCloseCard={() => setOpened(undefined)}
      card={shown && <KeyCard of={shown} onClose={() => setOpened(undefined)} />}
    />
  );
}

/** All of one key; what it means is told as the file's documentation has it. */
function KeyCard({ of, onClose }: { readonly of: ConfigKey; readonly onClose: () => void }) {
  const t = useText();
  const inMyLanguage = useServerText();
  return (
    <aside className={css.drawer} aria-label={of.key}>
      <h2>{of.key}</h2>
      <table className={css.facts}>
        <tbody>
          <tr>
            <th scope="row">{t('admin.config.value')}</th>
            <td>{shownValue(of, t('admin.config.secret'))}</td>
          </tr>
          <tr>
            <th scope="row">{t('admin.config.source')}</th>
            <td>{t(`admin.config.source.${of.source}`)}</td>
          </tr>
          <tr>
            <th scope="row">{t('admin.config.change')}</th>
            <td>{t(changeOf(of))}</td>
          </tr>
          <tr>
            <th scope="row">{t('admin.config.description')}</th>
            <td>{inMyLanguage(of.description)}</td>
          </tr>
        </tbody>
      </table>
      <div className={css.buttons}>
        <Button onPress={onClose}>{t('admin.close')}</Button>
      </div>
    </aside>
  );
}

/** As one would write it; for a secret, whether there is one. */
function shownValue({ value, is_secret }: ConfigKey, hidden: string): string {
  if (value === null) return '—';
  return is_secret ? hidden : value;
}

const idOf = (it: ConfigKey) => it.key;

const changeOf = (it: ConfigKey): TextId =>
  it.needs_restart ? 'admin.config.restart' : 'admin.config.sighup';
