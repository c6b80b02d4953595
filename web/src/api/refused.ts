import type { FieldError, Problem } from './types';

/** The server said no (RFC 9457), or could not be reached (`unreachable`). */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly problem: Problem,
    /** Seconds. */
    readonly retryAfter?: number,
  ) {
    super(problem.title);
  }

  /** An answer that is no problem document, for example of a proxy on the way. */
  static withoutProblem(status: number): Refused {
    return new Refused({ type: 'about:blank', title: `HTTP ${status}`, status, code: 'unknown' });
  }

  /** No answer at all. */
  static unreachable(): Refused {
    return new Refused({ type: 'about:blank', title: '', status: 0, code: 'unreachable' });
  }

  get code(): string {
    return this.problem.code;
  }

  /** What the server has against each field, in the user's language. */
  get fields(): ReadonlyMap<string, FieldError> {
    return new Map((this.problem.errors ?? []).map((it) => [it.field, it]));
  }
}

export function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body;
}
