// baresip: a softphone that this project did not write, without a sound card. It says a WAV file.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { freeBlock } from './ports';
import type { Server } from './server';
import { waitFor } from './wait';

/** Something that happened in baresip, and when this process heard of it, in Unix milliseconds. */
export interface PhoneEvent {
  readonly type: string;
  readonly at: number;
}

const START_LIMIT_MS = 30_000;
const EVENT_LIMIT_MS = 30_000;

/** A running baresip, registered at the server. */
export class Baresip {
  readonly #process: ChildProcess;
  readonly #server: Server;
  readonly #events: PhoneEvent[] = [];
  readonly #log: () => string;
  #control: Socket | undefined;

  private constructor(process: ChildProcess, server: Server, log: () => string) {
    this.#process = process;
    this.#server = server;
    this.#log = log;
  }

  /** Switches a phone of the demo on and waits until the server has accepted its registration. */
  static async register(server: Server, extension: string, answers: boolean): Promise<Baresip> {
    const folder = join(server.folder, `baresip-${extension}`);
    mkdirSync(folder, { recursive: true });
    // Behind its SIP port it listens for TLS.
    const rtp = await freeBlock(24);
    const [sip, control] = [rtp + 20, rtp + 22];
    const wav = join(folder, 'says.wav');
    writeFileSync(wav, tone(TALK_LIMIT_S));
    writeFileSync(join(folder, 'contacts'), '');
    writeFileSync(
      join(folder, 'accounts'),
      `<sip:${extension}@${server.sip};transport=udp>;auth_user=${extension};` +
        `auth_pass=demo-${extension};regint=600;answermode=${answers ? 'auto' : 'manual'};` +
        'audio_codecs=PCMA/8000/1;ptime=20\n',
    );
    writeFileSync(
      join(folder, 'config'),
      `net_interface 127.0.0.1\nsip_listen 127.0.0.1:${sip}\nrtp_ports ${rtp}-${rtp + 18}\n` +
        `audio_source aufile,${wav}\nctrl_tcp_listen 127.0.0.1:${control}\n${CONFIG}`,
    );
    const logFile = join(folder, 'log');
    const log = openSync(logFile, 'w');
    const process = spawn('baresip', ['-4', '-f', folder], { stdio: ['ignore', log, log] });
    process.once('error', () => {});
    const said = () => readFileSync(logFile, 'utf8');
    const phone = new Baresip(process, server, said);
    await waitFor(`the registration of ${extension}`, START_LIMIT_MS, () => {
      if (process.pid === undefined || process.exitCode !== null) {
        throw new Error(`baresip does not run: ${said()}`);
      }
      return said().includes(' 200 OK (') || undefined;
    });
    await phone.#listen(control);
    return phone;
  }

  /** Starts a call. */
  dial(number: string): void {
    const uri = `sip:${number}@${this.#server.sip}`;
    const message = JSON.stringify({ command: 'dial', params: uri });
    this.#control?.write(`${Buffer.byteLength(message)}:${message},`);
  }

  /** The next event of a type; those before it are passed over. */
  async next(type: string): Promise<PhoneEvent> {
    return waitFor(`${type} of baresip`, EVENT_LIMIT_MS, () => {
      const place = this.#events.findIndex((it) => it.type === type);
      return place < 0 ? undefined : this.#events.splice(0, place + 1).at(-1);
    }).catch((error: Error) => {
      const events = this.#events.map((it) => it.type).join(' ');
      throw new Error(`${error.message}; it told: ${events}; it says: ${this.#log().slice(-2000)}`);
    });
  }

  /** Switches it off at once: to the server it is gone without a word. */
  async stop(): Promise<void> {
    this.#control?.destroy();
    if (this.#process.exitCode !== null || this.#process.pid === undefined) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #listen(port: number): Promise<void> {
    this.#control = await waitFor("baresip's control port", START_LIMIT_MS, () => dialled(port));
    let rest = Buffer.alloc(0);
    this.#control.on('data', (chunk) => {
      const at = Date.now();
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const [message, left] = netstring(rest);
        rest = left;
        if (message === undefined) return;
        const { event, type } = JSON.parse(message);
        if (event === true) this.#events.push({ type, at });
      }
    });
  }
}

/** A connection, or nothing while nobody listens. */
function dialled(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** The first `LENGTH:TEXT,` of what has come, if it is whole, and what is behind it. */
function netstring(buffer: Buffer): [string | undefined, Buffer<ArrayBuffer>] {
  const whole = Buffer.from(buffer);
  const colon = whole.indexOf(':');
  const length = Number(whole.subarray(0, Math.max(colon, 0)).toString());
  const end = colon + 1 + length;
  if (colon < 0 || whole.length <= end) return [undefined, whole];
  return [whole.subarray(colon + 1, end).toString(), whole.subarray(end + 1)];
}

/** A quiet tone as WAV: 8 kHz, 16 bits, one channel. When it has been said, the call ends. */
function tone(seconds: number): Buffer {
  const samples = seconds * 8000;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(16_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n++) {
    wav.writeInt16LE(Math.round(1000 * Math.sin((2 * Math.PI * 440 * n) / 8000)), 44 + n * 2);
  }
  return wav;
}

/** Longer than any test talks. */
const TALK_LIMIT_S = 240;

/** Without a sound card the audio thread polls. */
const CONFIG = `\
poll_method epoll
call_max_calls 20
jitter_buffer_type fixed
jitter_buffer_delay 5-10
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
audio_txmode poll
audio_buffer 20-160
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module uuid.so
module account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
`;
