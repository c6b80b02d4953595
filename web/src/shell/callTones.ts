import type { ActiveCall } from '../api/types';
import type { Tone } from '../ui/Badge';

/** How each state of a call is coloured. */
export const CALL_TONES: Readonly<Record<ActiveCall['state'], Tone>> = {
  ringing: 'ring',
  talking: 'talk',
  held: 'hold',
  playing: 'talk',
  parked: 'hold',
  conference: 'talk',
  supervising: 'talk',
  paging: 'talk',
  voicemail: 'talk',
  ending: 'off',
};
