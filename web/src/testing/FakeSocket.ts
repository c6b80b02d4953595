/** Stands in for the browser's socket: what was sent is kept, what arrives is told by hand. */
export class FakeSocket {
  readyState: number = WebSocket.CONNECTING;
  readonly sent: Record<string, unknown>[] = [];
  isClosed = false;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  /** The server accepts. */
  opens(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }

  /** The server says something. */
  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The connection ends. */
  ends(code = 1006): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.({ code });
  }

  /** Opens and is welcomed. */
  welcomes(welcome: { resumed: boolean; seq: number }): void {
    this.opens();
    this.says({ welcome: { ...welcome, server: '0' } });
  }

  /** Messages of one kind that were sent. */
  sentOf(kind: string): unknown[] {
    return this.sent.filter((it) => kind in it).map((it) => it[kind]);
  }
}
