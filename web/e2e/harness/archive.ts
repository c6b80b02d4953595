// More past calls than the demo has.

import { spawnSync } from 'node:child_process';

const COPY_STEP_MS = 1000;

/** Puts each call of the archive beside itself so many times, a second later each time. */
export function copyCalls(database: string, copies: number): void {
  const rows = sql(database, 'SELECT hex(id) FROM call_log;').trim().split('\n');
  const columns = sql(database, "SELECT name FROM pragma_table_info('call_log');")
    .trim()
    .split('\n');
  const inserts = rows.flatMap((id) =>
    Array.from({ length: copies }, (_, n) => {
      const later = (n + 1) * COPY_STEP_MS;
      const values = columns.map((it) => {
        if (it === 'id') return `X'${moved(id, later)}'`;
        return it === 'started_at' ? `started_at + ${later}` : it;
      });
      return `INSERT INTO call_log (${columns}) SELECT ${values} FROM call_log WHERE id = X'${id}';`;
    }),
  );
  sql(database, ['BEGIN;', ...inserts, 'COMMIT;'].join('\n'));
}

/** An id (UUIDv7) of another moment: its first 48 bits are the time. */
const moved = (id: string, ms: number): string =>
  (Number.parseInt(id.slice(0, 12), 16) + ms).toString(16).padStart(12, '0') + id.slice(12);

function sql(database: string, script: string): string {
  const { status, stdout, stderr } = spawnSync('sqlite3', [database], { input: script });
  if (status !== 0) throw new Error(`sqlite3: ${stderr}`);
  return String(stdout);
}
