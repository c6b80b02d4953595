// What is set for the media of a line or a trunk, as a form shows it.

import type { useText } from '../../i18n/I18n';
import type { FieldSpec } from './resource';

/** How keys come from devices and go to them. */
export function dtmfField(t: ReturnType<typeof useText>): FieldSpec {
  return {
    name: 'dtmf',
    label: 'admin.dtmf',
    kind: 'choice',
    hint: 'admin.dtmfHint',
    options: MODES.map((id) => ({ id, label: t(`admin.dtmf.${id}`) })),
  };
}

/** Codecs that devices may use. */
export const CODECS_FIELD: FieldSpec = {
  name: 'codecs',
  label: 'admin.codecs',
  kind: 'lines',
  hint: 'admin.codecsHint',
};

/** Music for those who are put on hold. */
export const HOLD_MUSIC_FIELD: FieldSpec = {
  name: 'hold_music',
  label: 'admin.holdMusic',
  kind: 'text',
  hint: 'admin.holdMusicHint',
};

const MODES = ['auto', 'rfc4733', 'info', 'inband'] as const;
