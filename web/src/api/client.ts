// The one way to the server: typed by its OpenAPI, refusals as `Refused`.

import createClient, { type Middleware } from 'openapi-fetch';
import { storedLocale } from '../i18n/I18n';
import { isProblem, Refused } from './refused';
import type { paths } from './schema.gen';

let csrf = '';
const overListeners = new Set<() => void>();

/** Every request that changes something carries this; it comes with `Me`. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Calls back when the server says that the session is over (401 `unauthenticated`). */
export function onSessionOver(listener: () => void): () => void {
  overListeners.add(listener);
  return () => overListeners.delete(listener);
}

/** Tells everybody who asked; the event socket does so too, on its close code 4001. */
export function announceSessionOver(): void {
  for (const listener of overListeners) listener();
}

const headers: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', storedLocale());
    if (request.method !== 'GET') request.headers.set('X-CSRF', csrf);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return undefined;
    const body: unknown = await response.json().catch(() => undefined);
    const refused = isProblem(body)
      ? new Refused(body, Number(response.headers.get('Retry-After')) || undefined)
      : Refused.withoutProblem(response.status);
    if (refused.code === 'unauthenticated') announceSessionOver();
    throw refused;
  },
  onError() {
    throw Refused.unreachable();
  },
};

export const api = createClient<paths>({
  baseUrl: `${globalThis.location?.origin ?? 'http://localhost'}/api/v1`,
  fetch: (request) => globalThis.fetch(request),
});
api.use(headers);

/** The body of an answer; refusals have already been thrown. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
