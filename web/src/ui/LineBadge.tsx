import type { LineStatus } from '../api/types';
import { useText } from '../i18n/I18n';
import { Badge, type Tone } from './Badge';

/** How each status of a line is coloured, here and on the phone panel. */
export const LINE_TONES: Readonly<Record<LineStatus, Tone>> = {
  not_assigned: 'none',
  unregistered: 'off',
  idle: 'ready',
  ringing: 'ring',
  dialing: 'ring',
  talking: 'talk',
  held: 'hold',
};

/** «Статус линии»: what the server knows from registration and calls. */
export function LineBadge({ status }: { status: LineStatus }) {
  const t = useText();
  return <Badge tone={LINE_TONES[status]}>{t(`line_status.${status}`)}</Badge>;
}
