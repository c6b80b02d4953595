import { beforeEach, vi } from 'vitest';

/** Answers one request: a value is a 200, a `Response` is itself. */
export type Answer = (request: Request, url: URL) => unknown;

/** A server of a test: answers by `METHOD /path`, and remembers what it was asked. */
export interface FakeServer {
  readonly asked: { readonly method: string; readonly url: URL; readonly body: unknown }[];
  /** A path may end in `*`. A later answer to the same name replaces the earlier one. */
  on(name: string, answer: Answer): void;
  /** What was asked of `METHOD /path`, in order. */
  askedOf(name: string): FakeServer['asked'];
}

/** A problem document, as the server refuses. */
export function problem(status: number, code: string, extra: object = {}): Response {
  return Response.json(
    { type: 'about:blank', title: `title of ${code}`, status, code, ...extra },
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  );
}

/** Replaces `fetch` for the whole file, since a screen may save as it goes; answers are per test. */
export function fakeServer(): FakeServer {
  const answers = new Map<string, Answer>();
  const server: FakeServer = {
    asked: [],
    on: (name, answer) => answers.set(name, answer),
    askedOf: (name) =>
      server.asked.filter((it) => matches(name, `${it.method} ${it.url.pathname}`)),
  };

  beforeEach(() => {
    answers.clear();
    server.asked.length = 0;
    server.on('GET /api/v1/me/settings', () => ({}));
    server.on('PUT /api/v1/me/settings/*', () => new Response(null, { status: 204 }));
    vi.stubGlobal('fetch', async (request: Request) => {
      const url = new URL(request.url);
      const text = await request.clone().text();
      server.asked.push({ method: request.method, url, body: text ? JSON.parse(text) : undefined });
      const name = `${request.method} ${url.pathname}`;
      const answer = answers.get(name) ?? [...answers].find(([it]) => matches(it, name))?.[1];
      if (!answer) return problem(404, 'not_found', { detail: name });
      const value = await answer(request, url);
      return value instanceof Response ? value : Response.json(value);
    });
  });
  return server;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
