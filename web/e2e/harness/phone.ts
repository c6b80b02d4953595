// A phone that says what it is told to: header values that no phone of this world sends.

import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { Server } from './server';

interface Identity {
  readonly number: string;
  /** Of the account; by default the demo's. */
  readonly password?: string;
  readonly userAgent?: string;
}

const ANSWER_LIMIT_MS = 60_000;

/** One UDP socket at which an extension of the demo is. */
export class Phone {
  readonly #socket: Socket;
  readonly #server: Server;
  readonly #identity: Identity;
  readonly #callId = randomBytes(8).toString('hex');
  #sequence = 0;

  private constructor(socket: Socket, server: Server, identity: Identity) {
    this.#socket = socket;
    this.#server = server;
    this.#identity = identity;
  }

  /** Registers, and fails if the server does not want it. */
  static async register(server: Server, identity: Identity): Promise<Phone> {
    const socket = createSocket('udp4');
    await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
    const phone = new Phone(socket, server, identity);
    const challenge = await phone.#ask();
    const wanted = /^WWW-Authenticate: *Digest (.*)$/im.exec(challenge)?.[1];
    if (!wanted) throw new Error(`no challenge: ${challenge}`);
    const answer = await phone.#ask(phone.#digest(wanted));
    if (!answer.startsWith('SIP/2.0 200 ')) throw new Error(`not registered: ${answer}`);
    return phone;
  }

  close(): void {
    this.#socket.close();
  }

  /** Sends a REGISTER and has the first answer to it. */
  async #ask(authorization?: string): Promise<string> {
    const [host = '', port = '0'] = this.#server.sip.split(':');
    const { number, userAgent = 'e2e' } = this.#identity;
    const own = `127.0.0.1:${this.#socket.address().port}`;
    this.#sequence += 1;
    const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
    const message = [
      `REGISTER sip:${this.#server.sip} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <sip:${number}@${host}>;tag=${this.#callId.slice(0, 6)}`,
      `To: <sip:${number}@${host}>`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${this.#sequence} REGISTER`,
      `Contact: <sip:${number}@${own}>`,
      'Expires: 600',
      `User-Agent: ${userAgent}`,
      ...(authorization ? [`Authorization: ${authorization}`] : []),
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('no answer')), ANSWER_LIMIT_MS);
      const again = setInterval(() => this.#socket.send(message, Number(port), host), 500);
      const listener = (data: Buffer) => {
        const text = data.toString();
        if (!text.includes(branch) || text.startsWith('SIP/2.0 1')) return;
        clearTimeout(limit);
        clearInterval(again);
        this.#socket.off('message', listener);
        resolve(text);
      };
      this.#socket.on('message', listener);
      this.#socket.send(message, Number(port), host);
    });
  }

  /** The answer to a challenge (RFC 8760). */
  #digest(challenge: string): string {
    const part = (name: string) => new RegExp(`${name}="?([^",]+)`).exec(challenge)?.[1];
    const { number, password = `demo-${number}` } = this.#identity;
    const [realm, nonce, opaque] = [part('realm'), part('nonce'), part('opaque')];
    const algorithm = part('algorithm') ?? 'MD5';
    const hash = (text: string) =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const uri = `sip:${this.#server.sip}`;
    const cnonce = randomBytes(8).toString('hex');
    const [secret, what] = [hash(`${number}:${realm}:${password}`), hash(`REGISTER:${uri}`)];
    const response = hash(`${secret}:${nonce}:00000001:${cnonce}:auth:${what}`);
    return (
      `Digest username="${number}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `response="${response}", algorithm=${algorithm}, cnonce="${cnonce}", qop=auth, nc=00000001` +
      (opaque ? `, opaque="${opaque}"` : '')
    );
  }
}
