import { useQueryClient } from '@tanstack/react-query';
import { adoptSetting } from '../api/settings';
import { useFrames } from '../live/LiveContext';
import type { SettingChangedData } from '../live/protocol';

/** Mutations of what this follows: while one is on its way, this window has the last word. */
export const APPEARANCE = ['appearance'];

/** Lets theme, density and language follow what the user chooses in another window. */
export function FollowSettings() {
  const queries = useQueryClient();
  useFrames('setting.changed', ({ d }) => {
    const { key, value } = d as SettingChangedData;
    if (queries.isMutating({ mutationKey: APPEARANCE }) > 0) return;
    if (key === 'locale' && (value === 'ru' || value === 'en')) {
      queries.setQueryData(['me'], (me: object | undefined) => me && { ...me, locale: value });
    } else if (key === 'theme' || key === 'density') {
      adoptSetting(queries, key, value);
    }
  });
  return null;
}
