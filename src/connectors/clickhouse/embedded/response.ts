// Sends an answer, or an exception, as ClickHouse's HTTP interface does: headers, compression, back-pressure, and an
// exception in the middle of a body. Must not know how answers come about.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { acceptedEncoding, compressor } from './compression.ts';
import type { Answer } from './engine.ts';
import type { ClickHouseException } from './exception.ts';
import { httpStatus } from './exception.ts';
import type { Facts } from './facts.ts';
import type { Request } from './request.ts';

/** Bytes held back before the status line is sent, so that an early exception still has its own status. */
const HELD_BACK = 1 << 20;

export class Response {
  readonly #response: ServerResponse;
  readonly #request: Request;
  readonly #facts: Facts;
  /** Marks an exception in the middle of a body; a client knows it from a header. */
  readonly #exceptionTag = randomBytes(8).toString('hex');
  readonly #started = performance.now();
  #sink: Transform | ServerResponse | undefined;
  #failed = false;
  /** Bytes of body, before compression. */
  sent = 0;

  constructor(response: ServerResponse, request: Request, facts: Facts) {
    this.#response = response;
    this.#request = request;
    this.#facts = facts;
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    response.setHeader('X-ClickHouse-Server-Display-Name', facts.hostname);
    response.setHeader('X-ClickHouse-Query-Id', request.id);
    response.setHeader('X-ClickHouse-Exception-Tag', this.#exceptionTag);
    response.setHeader('Cache-Control', 'no-store');
    if (request.switch('add_http_cors_header', false) && request.header('origin') !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', '*');
    }
  }

  /**
   * Sends the answer, all but the end of the body, which is `end`'s.
   * @throws ClickHouseException of the answer's body, to be given to `fail`; ClientGone.
   */
  async send(answer: Answer): Promise<void> {
    if (answer.format !== undefined) {
      this.#response.setHeader('X-ClickHouse-Format', answer.format);
      this.#response.setHeader('Content-Type', answer.contentType ?? 'text/plain; charset=UTF-8');
    }
    this.#response.setHeader('X-ClickHouse-Timezone', answer.timezone);
    const held: Uint8Array[] = [];
    let holding = 0;
    for await (const block of answer.body) {
      this.sent += block.length;
      if (this.#sink === undefined && holding + block.length <= HELD_BACK) {
        held.push(block);
        holding += block.length;
        continue;
      }
      const sink = this.#open(answer);
      for (const part of held.splice(0)) await this.#write(sink, part);
      await this.#write(sink, block);
    }
    const sink = this.#open(answer);
    for (const part of held) await this.#write(sink, part);
  }

  /** Ends the body of an answer that was sent. */
  end(): void {
    this.#sink?.end();
  }

  #open(answer: Answer): Transform | ServerResponse {
    if (this.#sink !== undefined) return this.#sink;
    this.#response.setHeader('X-ClickHouse-Summary', this.#summary(answer));
    const compress = this.#request.switch('enable_http_compression', true);
    const encoding = compress ? acceptedEncoding(this.#request.header('accept-encoding') ?? '') : undefined;
    if (encoding === undefined || this.#request.message.method === 'HEAD') {
      this.#sink = this.#response;
    } else {
      this.#response.setHeader('Content-Encoding', encoding);
      const level = Number(this.#request.parameters.get('http_zlib_compression_level') ?? 3);
      const transform = compressor(encoding, Number.isInteger(level) && level > 0 ? level : 3);
      transform.pipe(this.#response, { end: false });
      transform.once('end', () => (this.#failed ? this.#cut() : this.#response.end()));
      this.#sink = transform;
    }
    return this.#sink;
  }

  /** Resolves when the client has taken enough of what was written. @throws if it has gone. */
  async #write(sink: Transform | ServerResponse, bytes: Uint8Array): Promise<void> {
    this.#assertClientStays();
    if (this.#request.message.method === 'HEAD' || sink.write(bytes)) return;
    const over = new AbortController();
    try {
      await Promise.race([
        once(sink, 'drain', { signal: over.signal }),
        once(this.#response, 'close', { signal: over.signal }),
      ]);
    } finally {
      over.abort();
    }
    this.#assertClientStays();
  }

  /** @throws ClientGone */
  #assertClientStays(): void {
    if (this.#response.destroyed) throw new ClientGone();
  }

  #summary(answer: Answer): string {
    const { progress } = answer;
    return JSON.stringify({
      read_rows: String(progress.readRows),
      read_bytes: String(progress.readBytes),
      written_rows: String(progress.writtenRows),
      written_bytes: String(progress.writtenBytes),
      total_rows_to_read: '0',
      result_rows: String(progress.resultRows),
      result_bytes: String(this.sent),
      elapsed_ns: String(Math.round((performance.now() - this.#started) * 1e6)),
    });
  }

  /** Sends an exception: with its status if nothing was sent, else inside the body, which then ends abnormally. */
  async fail(exception: ClickHouseException): Promise<void> {
    const text = `${exception.describe(this.#facts.version)}\n`;
    if (this.#sink === undefined) {
      this.#response.statusCode = httpStatus(exception.code);
      this.#response.setHeader('X-ClickHouse-Exception-Code', String(exception.code));
      this.#response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
      if (this.#response.statusCode === 401) {
        this.#response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"');
      }
      this.#response.end(this.#request.message.method === 'HEAD' ? undefined : text);
      return;
    }
    const length = Buffer.byteLength(text);
    const tag = this.#exceptionTag;
    const trailer = `\r\n__exception__\r\n${tag}\r\n${text}${length} ${tag}\r\n__exception__\r\n`;
    this.#failed = true;
    await this.#write(this.#sink, Buffer.from(trailer));
    if (this.#sink === this.#response) this.#cut();
    else this.#sink.end();
  }

  /** Ends the body without its last chunk: a client that does not know the tag must not take it for complete. */
  #cut(): void {
    this.#response.socket?.end();
  }
}

/** The client closed its connection. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
  readonly code = 'CLIENT_GONE';
  constructor() {
    super('the client closed its connection before the answer was sent');
  }
}
