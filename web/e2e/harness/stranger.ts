// SIPp as somebody out in the world: calls through the demo's trunk with the headers that it is told.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from './server';

interface Call {
  readonly number: string;
  /** The display name, as it stands between its quotes. */
  readonly display: string;
  readonly dials: string;
  /** Further headers, whole lines. */
  readonly headers: readonly string[];
}

/** A call that lasts until the server ends it. */
export class StrangersCall {
  readonly #process: ChildProcess;
  readonly #errors: string;

  /** Starts it; whether it is answered is seen elsewhere. */
  constructor(server: Server, call: Call) {
    const scenario = join(server.folder, 'stranger.xml');
    this.#errors = join(server.folder, 'stranger.log');
    writeFileSync(scenario, scenarioOf(call));
    writeFileSync(this.#errors, '');
    this.#process = spawn(
      'sipp',
      [
        server.sip,
        ...['-sf', scenario, '-i', '127.0.0.1', '-p', String(server.trunkPort), '-m', '1'],
        ...['-nostdin', '-timeout', '240', '-trace_err', '-error_file', this.#errors],
      ],
      { stdio: 'ignore', cwd: server.folder },
    );
    this.#process.once('error', () => {});
  }

  /** Waits for the end that the scenario has. */
  async ended(): Promise<void> {
    const code =
      this.#process.exitCode ??
      (await new Promise((resolve) => this.#process.once('exit', resolve)));
    if (code !== 0) throw new Error(`SIPp: ${code} ${readFileSync(this.#errors, 'utf8')}`);
  }

  stop(): void {
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL');
  }
}

function scenarioOf({ number, display, dials, headers }: Call): string {
  const both = (to: string) =>
    `From: "${display}" <sip:${number}@[local_ip]:[local_port]>;tag=stranger
To: <sip:${dials}@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
Max-Forwards: 70
Contact: <sip:stranger@[local_ip]:[local_port]>`;
  const via = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]';
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="stranger">
<send retrans="500"><![CDATA[
INVITE sip:${dials}@[remote_ip]:[remote_port] SIP/2.0
${via}
${both('')}
CSeq: 1 INVITE
${headers.join('\n')}
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
${via}
[routes]
${both('[peer_tag_param]')}
CSeq: 1 ACK
Content-Length: 0

]]></send>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
`;
}
