import type { Me } from '../api/types';

/** Where somebody starts: the only product that they may use, or the choice of products. */
export function homeOf(me: Me): string {
  const usable = me.products.filter((it) => it.route !== null && it.locked === null);
  return (usable.length === 1 && me.products.length === 1 && usable[0]?.route) || '/';
}
