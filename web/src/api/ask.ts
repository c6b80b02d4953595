// The way to the administrator's resources, whose bodies the screens describe by themselves.

import { api } from './client';

interface Options {
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  /** The version that the change was made on. */
  readonly ifMatch?: string | number;
  readonly signal?: AbortSignal;
}

/** The options of a change that is refused if the object is not at `version` any more. */
export function ifUnchanged(version: number | null): Options {
  return version === null ? {} : { ifMatch: version };
}

type Loose = (
  method: string,
  path: string,
  init: {
    params: { query?: Options['query'] };
    body?: unknown;
    headers?: Record<string, string>;
    signal?: AbortSignal;
  },
) => Promise<{ data?: unknown }>;

/** Asks for a path below `/api/v1`; refusals are thrown, as everywhere. */
export async function ask<T>(
  method: 'get' | 'post' | 'put' | 'delete',
  path: string,
  { query, body, ifMatch, signal }: Options = {},
): Promise<T> {
  const request = api.request as unknown as Loose;
  const { data } = await request(method, path, {
    params: { ...(query && { query }) },
    ...(body !== undefined && { body }),
    ...(ifMatch !== undefined && { headers: { 'If-Match': String(ifMatch) } }),
    ...(signal && { signal }),
  });
  return data as T;
}
