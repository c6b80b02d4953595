import type { QueryClient, QueryKey } from '@tanstack/react-query';

/** A reading that goes on, and whether another one must follow it. */
interface Reading {
  mustFollow: boolean;
  readonly done: Promise<void>;
}

const readings = new WeakMap<QueryClient, Map<string, Reading>>();

/**
 * Reads a query once more because something has changed; done when what is shown is from after this
 * call. An answer that is on its way may be from before the change, so that another one is asked for
 * after it: one for all changes that were told meanwhile, and the list never waits for a pause in them.
 */
export function readAnew(queries: QueryClient, queryKey: QueryKey): Promise<void> {
  const ofClient = readings.get(queries) ?? new Map<string, Reading>();
  readings.set(queries, ofClient);
  const name = JSON.stringify(queryKey);
  const known = ofClient.get(name);
  if (known) {
    known.mustFollow = true;
    return known.done;
  }
  const readAll = async () => {
    // Where nobody looks any more, an answer on its way is one too many: the next who looks asks anew.
    await queries.cancelQueries({ queryKey, type: 'inactive' });
    do {
      reading.mustFollow = queries.isFetching({ queryKey, type: 'active' }) > 0;
      await queries.invalidateQueries({ queryKey }, { cancelRefetch: false });
    } while (reading.mustFollow);
    ofClient.delete(name);
  };
  const reading: Reading = { mustFollow: false, done: Promise.resolve().then(readAll) };
  ofClient.set(name, reading);
  return reading.done;
}
