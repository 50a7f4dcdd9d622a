import type { Logger } from 'pino';
import { ConfigError, type UpstreamConfig, urlVariable } from '#gateway/settings.ts';
import type { Subgraph } from '#gateway/supergraph/supergraph.ts';
import { cancel, createCancellation } from './wire/cancellation.ts';
import { ACCEPTED_CODINGS } from './wire/content-coding.ts';
import { identityOf, isHeaderValue } from '#gateway/subgraphs/forwarded-headers.ts';
import { abandonable, createSharing } from './sharing.ts';
import { createSubgraphClient, type SubgraphClient } from './wire/subgraph-client.ts';
import {
  type ForwardedHeaders,
  type SubgraphAnswer,
  type SubgraphCall,
  UpstreamError,
  type Upstreams,
} from './calls.ts';
import { createWrites, type Writes } from './writes.ts';

export const SECRET_HEADER = 'x-gateway-secret';
const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

/**
 * Opens the wires to the subgraphs of one supergraph after another. A subgraph that stands at the same URL in both
 * keeps its connections, its breaker and its queue; one that is gone closes when the last that opened it is disposed.
 */
export interface UpstreamRegistry {
  readonly writes: Pick<Writes, 'age'>;
  /** @throws {ConfigError} when an address cannot be used */
  open(subgraphs: Iterable<Subgraph>): Upstreams;
}

export function createUpstreamRegistry(config: UpstreamConfig, logger: Logger): UpstreamRegistry {
  const clients = new Map<string, { client: SubgraphClient; users: number }>();
  const writes = createWrites(config.timeoutMs);
  const sharing = createSharing<SubgraphAnswer>(writes);
  const wireHeaders = createWireHeaders(config);

  const targetOf = ({ name, url }: Subgraph): Subgraph => ({
    name,
    url: config.urls.get(urlVariable(name)) ?? url,
  });

  function acquire(target: Subgraph): { client: SubgraphClient; key: string } {
    const { name } = target;
    const key = `${name} ${target.url}`;
    let entry = clients.get(key);
    if (entry === undefined)
      clients.set(key, (entry = { client: createSubgraphClient(target, config, logger), users: 0 }));
    entry.users += 1;
    return { client: entry.client, key };
  }

  async function release(key: string): Promise<void> {
    const entry = clients.get(key);
    if (entry === undefined) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    clients.delete(key);
    await entry.client[Symbol.asyncDispose]();
  }

  return {
    writes,
    open(subgraphs) {
      const targets = [...subgraphs].map(targetOf);
      targets.forEach(checkAddress);
      const opened = new Map(targets.map((target) => [target.name, acquire(target)]));
      return {
        call(call) {
          const target = opened.get(call.subgraph);
          if (target === undefined) return Promise.reject(unknownSubgraph(call.subgraph));
          const headers = wireHeaders(call.headers);
          if (headers === undefined) return Promise.reject(unfitHeaders(call.subgraph));
          let body: string;
          try {
            body = JSON.stringify(call.request);
          } catch (error) {
            // A value that came from another subgraph is nested too deep to be written.
            return Promise.reject(error instanceof Error ? error : new Error(String(error)));
          }
          const start = () => startCall(target.client, call, headers, body);
          const abandoned = () =>
            new UpstreamError(call.subgraph, 'CANCELLED', 'nobody waits for the answer any more');
          if (call.operation === 'query' && config.shareCalls && call.fresh !== true) {
            return sharing.join(
              `${target.key}\n${identityOf(call.headers)}\n${body}`,
              start,
              call.signal,
              abandoned,
            );
          }
          if (call.signal?.aborted) return Promise.reject(abandoned());
          const { result, stop } = start();
          const { operation } = call;
          // Before anybody else hears of it.
          if (operation === 'mutation') result.then(writes.done, writes.unknown);
          return abandonable(result, call.signal, () => {
            stop();
            if (operation === 'mutation') writes.unknown();
            return abandoned();
          });
        },
        async [Symbol.asyncDispose]() {
          const keys = [...opened.values()].map(({ key }) => key);
          opened.clear();
          await Promise.all(keys.map(release));
        },
      };
    },
  };
}

function startCall(client: SubgraphClient, call: SubgraphCall, headers: string[], body: string) {
  const cancellation = createCancellation();
  const stop = () =>
    cancel(cancellation, new UpstreamError(call.subgraph, 'CANCELLED', 'the client has gone'));
  return { result: client.call(call, headers, body, cancellation), stop };
}

/**
 * A request sends the same headers with each of its calls: they are laid out for the wire once. Undefined when they
 * cannot be sent: undici (8.12) refuses them, and never again uses the connection that it was to send them on.
 */
function createWireHeaders({
  secret,
  compression,
}: UpstreamConfig): (headers: ForwardedHeaders) => string[] | undefined {
  const laidOut = new WeakMap<ForwardedHeaders, string[]>();
  return (headers) => {
    let wire = laidOut.get(headers);
    if (wire === undefined) {
      if (!Object.values(headers).every(isHeaderValue)) return undefined;
      wire = ['content-type', 'application/json', 'accept', ACCEPT, ...Object.entries(headers).flat()];
      if (compression) wire.push('accept-encoding', ACCEPTED_CODINGS);
      if (secret !== undefined) wire.push(SECRET_HEADER, secret);
      laidOut.set(headers, wire);
    }
    return wire;
  };
}

function checkAddress({ name, url }: Subgraph): void {
  const variable = `SUBGRAPH_URL_${urlVariable(name)}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ConfigError(
      `subgraph ${name}: ${JSON.stringify(url)} is no http or https URL; give another in ${variable}`,
    );
  const { username, password } = new URL(url);
  // They would stand in the way of the client's own \`authorization\`, or be dropped without a word.
  if (username !== '' || password !== '')
    throw new ConfigError(
      `subgraph ${name}: its URL has a user name or password, which are not sent; set ${variable} to one without`,
    );
}

function unfitHeaders(subgraph: string): UpstreamError {
  return new UpstreamError(subgraph, 'SUBGRAPH_UNREACHABLE', 'a header of the call cannot be sent');
}

function unknownSubgraph(name: string): UpstreamError {
  return new UpstreamError(name, 'SUBGRAPH_UNREACHABLE', `the supergraph has no subgraph ${name}`);
}
