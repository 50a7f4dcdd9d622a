import type { Dispatcher, Pool } from 'undici';
import type { Cancellable, Cancellation } from './cancellation.ts';
import { UpstreamError } from '#gateway/subgraphs/calls/calls.ts';
import { decodeCharset, isUtf8 } from './charset.ts';
import { decodeBody, isTooLong, readCodings } from './content-coding.ts';

export interface WireResponse {
  /** See `SubgraphCall.builtInLeaves`. */
  readonly builtInLeaves: boolean;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** What all exchanges with one subgraph have in common. */
export interface Wire<Answer> {
  readonly subgraph: string;
  readonly pool: Pool;
  /** Path and query of the subgraph's URL. */
  readonly path: string;
  /** Of an answer, sent and decoded. */
  readonly maxBytes: number;
  /** Rises with every piece of an answer that comes, to whomever: a sign of life. */
  heard: number;
  /** Reads a whole response. What it throws becomes the exchange's error. */
  read(response: WireResponse): Answer;
  /** The connection failed, with undici's error, before or after the request was `started`. */
  unreachable(cause: Error, started: boolean): UpstreamError;
  /** The exchange has ended, either way. */
  ended(cancellation: Cancellation): void;
}

/**
 * Sends one request and reads its answer, at most `maxBytes` of it. Goes through `dispatch`, below undici's `request`,
 * because a stream an answer costs more than everything else here together.
 *
 * Rejects with `unreachable` when the connection fails, with the reason when cancelled, with `SUBGRAPH_TOO_LARGE`,
 * `SUBGRAPH_UNSUPPORTED_ENCODING`, or `SUBGRAPH_BAD_RESPONSE` where the coding is broken.
 *
 * @param headers names and values in turn
 */
export function exchange<Answer>(
  wire: Wire<Answer>,
  headers: string[],
  body: string,
  cancellation: Cancellation,
  builtInLeaves: boolean,
): Promise<Answer> {
  if (cancellation.reason !== undefined) {
    wire.ended(cancellation);
    return Promise.reject(cancellation.reason);
  }
  return new Promise((resolve, reject) => {
    const collector = new Collector(wire, cancellation, builtInLeaves, resolve, reject);
    cancellation.step = collector;
    wire.pool.dispatch({ method: 'POST', path: wire.path, headers, body }, collector);
  });
}

/** undici's view of one exchange. A class, as undici calls its methods by name on every chunk. */
class Collector<Answer> implements Dispatcher.DispatchHandler, Cancellable {
  readonly #wire: Wire<Answer>;
  readonly #cancellation: Cancellation;
  readonly #builtInLeaves: boolean;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #settled = false;
  #status = 0;
  #contentType = '';
  #location: string | undefined;
  #codings: ReturnType<typeof readCodings>;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    wire: Wire<Answer>,
    cancellation: Cancellation,
    builtInLeaves: boolean,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#wire = wire;
    this.#cancellation = cancellation;
    this.#builtInLeaves = builtInLeaves;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Rejects now and closes the connection, or, while undici still queues the request, as soon as it would be sent. */
  cancel(error: Error): void {
    if (this.#settled) return;
    this.#failure = error;
    this.#settle();
    this.#reject(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(this.#failure);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    // What stands between may answer for a subgraph that does not.
    if (status < 500) this.#wire.heard += 1;
    const {
      'content-type': contentType = '',
      'content-length': length,
      'content-encoding': coding,
    } = headers;
    this.#contentType = String(contentType);
    if (status >= 300 && status < 400) this.#location = String(headers['location'] ?? 'nowhere');
    if (coding !== undefined) {
      this.#codings = readCodings(String(coding));
      // Of an answer that is an error in any case, the status says enough.
      if (this.#codings === undefined && status < 400)
        this.cancel(this.#unsupported(`content encoding ${String(coding)}`));
    }
    if (length !== undefined && Number(length) > this.#wire.maxBytes) this.cancel(this.#tooLarge());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#status < 500) this.#wire.heard += 1;
    if (this.#bytes > this.#wire.maxBytes) this.cancel(this.#tooLarge());
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    if (this.#codings === undefined || this.#codings.length === 0 || this.#bytes === 0)
      return this.#finish(this.#chunks, this.#bytes);
    decodeBody(this.#codings, Buffer.concat(this.#chunks), this.#wire.maxBytes, (error, decoded) => {
      if (this.#settled) return;
      if (error === null) this.#finish([decoded], decoded.length);
      else this.cancel(isTooLong(error) ? this.#tooLarge() : this.#broken(error));
    });
  }

  #finish(chunks: readonly Buffer[], bytes: number): void {
    this.#settle();
    try {
      if (this.#location !== undefined) throw this.#redirected(this.#location);
      const text = textOf(chunks, bytes, this.#contentType);
      if (text === undefined) throw this.#unsupported(`content type ${this.#contentType}`);
      this.#resolve(
        this.#wire.read({
          status: this.#status,
          contentType: this.#contentType,
          text,
          builtInLeaves: this.#builtInLeaves,
        }),
      );
    } catch (error) {
      this.#reject(error);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(this.#wire.unreachable(error, this.#controller !== undefined));
  }

  #settle(): void {
    this.#settled = true;
    this.#wire.ended(this.#cancellation);
  }

  #tooLarge(): UpstreamError {
    const { subgraph, maxBytes } = this.#wire;
    return new UpstreamError(
      subgraph,
      'SUBGRAPH_TOO_LARGE',
      `${subgraph} answered with more than ${maxBytes} bytes`,
    );
  }

  #redirected(location: string): UpstreamError {
    const { subgraph } = this.#wire;
    const message = `${subgraph} redirects to ${location} and has to be addressed there: redirects are not followed`;
    return new UpstreamError(subgraph, 'SUBGRAPH_HTTP_ERROR', message, { status: this.#status });
  }

  #unsupported(what: string): UpstreamError {
    const { subgraph } = this.#wire;
    return new UpstreamError(subgraph, 'SUBGRAPH_UNSUPPORTED_ENCODING', `${subgraph} answered with ${what}`);
  }

  #broken(cause: Error): UpstreamError {
    const { subgraph } = this.#wire;
    const message = `${subgraph} answered with a broken coding: ${cause.message}`;
    return new UpstreamError(subgraph, 'SUBGRAPH_BAD_RESPONSE', message, { cause });
  }
}

/** More is put together in memory of its own. */
const SCRATCH_MOST_BYTES = 1024 * 1024;
let scratch = Buffer.alloc(0);

/** Undefined when the text is in a character set that nobody here knows. */
function textOf(chunks: readonly Buffer[], bytes: number, contentType: string): string | undefined {
  return isUtf8(contentType)
    ? utf8Of(chunks, bytes)
    : decodeCharset(Buffer.concat(chunks, bytes), contentType);
}

/** Chunks are put together where the last answer's were: each is text before the next one comes. */
function utf8Of(chunks: readonly Buffer[], bytes: number): string {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first.toString();
  if (bytes > SCRATCH_MOST_BYTES) return Buffer.concat(chunks, bytes).toString();
  if (scratch.length < bytes) scratch = Buffer.alloc(Math.min(2 * bytes, SCRATCH_MOST_BYTES));
  let end = 0;
  for (const chunk of chunks) end += chunk.copy(scratch, end);
  return scratch.toString('utf8', 0, end);
}
