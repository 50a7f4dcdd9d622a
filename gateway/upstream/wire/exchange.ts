import type { Dispatcher, Pool } from 'undici';
import type { Cancellation } from './cancellation.ts';
import { UpstreamError } from '#gateway/upstream/upstream.ts';

export interface WireRequest {
  readonly subgraph: string;
  /** Path and query of the subgraph's URL. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string;
}

export interface WireResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * Sends one request and collects its answer, at most `maxBytes` of it. Goes through `dispatch`, below undici's
 * `request`, because a stream an answer costs more than everything else here together.
 *
 * Rejects with undici's error when the connection fails, with the reason when cancelled, with `SUBGRAPH_TOO_LARGE`.
 */
export function exchange(
  pool: Pool,
  request: WireRequest,
  maxBytes: number,
  cancellation: Cancellation,
): Promise<WireResponse> {
  if (cancellation.reason !== undefined) return Promise.reject(cancellation.reason);
  return new Promise((resolve, reject) => {
    const collector = new Collector(request.subgraph, maxBytes, resolve, reject);
    cancellation.stop = (reason) => collector.fail(reason);
    pool.dispatch(
      { method: 'POST', path: request.path, headers: request.headers, body: request.body },
      collector,
    );
  });
}

/** undici's view of one exchange. A class, as undici calls its methods by name on every chunk. */
class Collector implements Dispatcher.DispatchHandler {
  readonly #subgraph: string;
  readonly #maxBytes: number;
  readonly #resolve: (response: WireResponse) => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #status = 0;
  #contentType = '';
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    subgraph: string,
    maxBytes: number,
    resolve: (response: WireResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#subgraph = subgraph;
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Rejects now and closes the connection, or, while undici still queues the request, as soon as it would be sent. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
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
    const { 'content-type': contentType = '', 'content-length': length } = headers;
    this.#contentType = String(contentType);
    if (length !== undefined && Number(length) > this.#maxBytes) this.fail(this.#tooLarge());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.fail(this.#tooLarge());
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body =
      first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#resolve({ status: this.#status, contentType: this.#contentType, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }

  #tooLarge(): UpstreamError {
    return new UpstreamError(
      this.#subgraph,
      'SUBGRAPH_TOO_LARGE',
      `${this.#subgraph} answered with more than ${this.#maxBytes} bytes`,
    );
  }
}
