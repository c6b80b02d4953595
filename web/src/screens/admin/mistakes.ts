// What the server minds of a form, where its reader finds it.

import { type RefObject, useEffect, useState } from 'react';
import type { Refused } from '../../api/refused';
import type { Values } from './merge';
import { entriesOf } from './resource';

/** By field; what is told of the second entry of `field` as `field[1]` stands beside the field too. */
export function mistakesIn({ fields }: Refused, values: Values): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  for (const [path, { message }] of fields) {
    const [, field = path, n] = /^(.*)\[(\d+)\]$/.exec(path) ?? [];
    const entry = n === undefined ? '' : (entriesOf(values[field])[Number(n)] ?? '');
    const told = message.includes(entry) ? message : `${entry}: ${message}`;
    const before = errors.get(field);
    errors.set(field, before === undefined ? told : `${before}\n${told}`);
  }
  return errors;
}

/** Puts the focus, once it is drawn, on the first field that is wrong or to decide, else on the button. */
export function useLead(form: RefObject<HTMLFormElement | null>): () => void {
  const [refusals, setRefusals] = useState(0);
  useEffect(() => {
    if (refusals === 0) return;
    const wrong = form.current?.querySelector<HTMLElement>(
      '[aria-invalid="true"], [role="group"] button',
    );
    (wrong ?? form.current?.querySelector<HTMLElement>('[type="submit"]'))?.focus();
  }, [refusals, form]);
  return () => setRefusals((it) => it + 1);
}
