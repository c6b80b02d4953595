// Tandem itself, as a user starts it: with the demo domain, on free ports, in a folder of its own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeBlock, freePort } from './ports';
import { waitFor } from './wait';

const REPOSITORY = new URL('../../../', import.meta.url).pathname;
const RTP_PORTS = 42;
const READY_LIMIT_MS = 120_000;

/** `TANDEM_BIN` puts another build under the same tests. */
const binary =
  process.env.TANDEM_BIN ??
  join(process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, 'target'), 'debug/tandem');

export class Server {
  readonly url: string;
  /** Where phones register: `127.0.0.1:PORT`. */
  readonly sip: string;
  /** Where the demo's trunk calls from: a port of 127.0.0.1 that nothing listens on. */
  readonly trunkPort: number;
  /** Where tests may put files of their own; gone with the server. */
  readonly folder: string;
  readonly #arguments: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, http: number, sip: number, rtp: number, trunk: number) {
    this.folder = folder;
    this.trunkPort = trunk;
    this.#arguments = [
      'serve',
      ...settings(folder),
      ...['--http-port', String(http), '--sip-port', String(sip)],
      ...['--rtp-ports', `${rtp}-${rtp + RTP_PORTS - 1}`],
    ];
    this.url = `http://127.0.0.1:${http}`;
    this.sip = `127.0.0.1:${sip}`;
  }

  /** Seeds the demo domain, lets `prepare` at it, starts, waits until it is ready. */
  static async start(prepare?: (database: string) => void): Promise<Server> {
    if (!existsSync(binary)) throw new Error(`${binary} is not there: run cargo build`);
    const folder = mkdtempSync(join(tmpdir(), 'tandem-e2e-'));
    const rtp = await freeBlock(RTP_PORTS + 1);
    const trunk = rtp + RTP_PORTS;
    configure(folder, trunk);
    const seeded = spawnSync(binary, ['demo', ...settings(folder)], { cwd: REPOSITORY });
    if (seeded.status !== 0) throw new Error(`tandem demo: ${seeded.stderr}`);
    prepare?.(join(folder, 'data', 'tandem.db'));
    const [http, sip] = [await freePort(), await freePort()];
    const server = new Server(folder, http, sip, rtp, trunk);
    await server.run();
    return server;
  }

  /** Runs a command of the program on the server's data; fails with what it says. */
  command(...words: readonly string[]): void {
    const done = spawnSync(binary, [...words, ...settings(this.folder)], { cwd: REPOSITORY });
    if (done.status !== 0) throw new Error(`tandem ${words.join(' ')}: ${done.stderr}`);
  }

  /** The same server on the same data, after `kill`. */
  async run(): Promise<void> {
    const log = openSync(join(this.folder, 'server.log'), 'a');
    this.#process = spawn(binary, this.#arguments, {
      cwd: REPOSITORY,
      stdio: ['ignore', log, log],
    });
    await waitFor('the server being ready', READY_LIMIT_MS, async () => {
      if (this.#process?.exitCode !== null) throw new Error(`it ended: ${this.log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      return answer?.ok || undefined;
    });
  }

  /** `kill -9`: connections end without a word. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  /** Ends it and forgets its data. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get log(): string {
    return readFileSync(join(this.folder, 'server.log'), 'utf8').slice(-4000);
  }
}

/**
 * The demo's configuration, with a copy of its dialplans, since the panel can change them, and a port
 * of its own for the trunk.
 */
function configure(folder: string, trunk: number): void {
  const dialplans = join(folder, 'dialplans');
  cpSync(join(REPOSITORY, 'dialplans'), dialplans, { recursive: true });
  const demo = readFileSync(join(REPOSITORY, 'docs/config.demo.toml'), 'utf8');
  const server = `[server]\ndialplans_dir = ${JSON.stringify(dialplans)}\n\n`;
  writeFileSync(join(folder, 'config.toml'), server + demo.replaceAll('5070', String(trunk)));
}

const settings = (folder: string): string[] => [
  '--config',
  join(folder, 'config.toml'),
  '--data',
  join(folder, 'data'),
];
