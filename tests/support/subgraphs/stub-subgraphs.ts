import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, type GraphQLFieldResolver, type GraphQLSchema, parse } from 'graphql';
import { until } from '#tests/support/until.ts';

type Resolver =
  | GraphQLFieldResolver<never, StubContext>
  | ((reference: never, context: StubContext) => unknown);

export interface StubContext {
  readonly headers: IncomingHttpHeaders;
}

export interface StubDefinition {
  readonly name: string;
  /** Federation 2 SDL, its `@link` included. */
  readonly typeDefs: string;
  readonly resolvers?: Readonly<Record<string, Readonly<Record<string, Resolver>>>>;
}

export interface StubRequest {
  readonly headers: IncomingHttpHeaders;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The caller hung up before it had the answer. */
  aborted: boolean;
}

/** Answers in place of the subgraph; `answer` is what it would have said. */
export type Fault = (response: ServerResponse, answer: Buffer, request: IncomingMessage) => void;

export interface StubSubgraph {
  readonly name: string;
  readonly url: string;
  /** All that came, oldest first. */
  readonly requests: readonly StubRequest[];
  /** From now on, until `fail(undefined)`. */
  fail(fault: Fault | undefined): void;
  /** Resolves when `count` requests have come in all. */
  received(count: number): Promise<void>;
  /** Closes every connection and the port. */
  kill(): Promise<void>;
  /** Serves again at the same port. */
  restart(): Promise<void>;
}

export interface StubSubgraphs extends AsyncDisposable {
  readonly supergraphSdl: string;
  get(name: string): StubSubgraph;
}

/** Subgraphs on real sockets of this process, at free ports, and the supergraph composed of them. */
export async function startStubSubgraphs(definitions: readonly StubDefinition[]): Promise<StubSubgraphs> {
  const running = new Map<string, StubSubgraph>();
  for (const definition of definitions) running.set(definition.name, await startStubSubgraph(definition));
  return {
    supergraphSdl: composeStubs(
      definitions.map((definition) => ({ ...definition, url: urlOf(running, definition.name) })),
    ),
    get(name) {
      const stub = running.get(name);
      if (stub === undefined) throw new Error(`no stub subgraph ${name}`);
      return stub;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running.values()].map((stub) => stub.kill()));
    },
  };
}

/** The supergraph of some subgraphs at given addresses. */
export function composeStubs(services: readonly { name: string; typeDefs: string; url: string }[]): string {
  const { errors, supergraphSdl } = composeServices(
    services.map(({ name, typeDefs, url }) => ({ name, url, typeDefs: parse(typeDefs) })),
  );
  if (supergraphSdl === undefined)
    throw new AggregateError(errors ?? [], `the stubs do not compose: ${errors?.join('\n')}`);
  return supergraphSdl;
}

export async function startStubSubgraph({
  name,
  typeDefs,
  resolvers,
}: StubDefinition): Promise<StubSubgraph> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: { ...resolvers } as never }]);
  const requests: StubRequest[] = [];
  let fault: Fault | undefined;
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    void answerRequest(schema, request, response, requests, () => fault);
  };
  let server: Server | undefined = await listen(createServer(handler), 0);
  const { port } = server.address() as AddressInfo;
  return {
    name,
    url: `http://127.0.0.1:${port}/graphql`,
    requests,
    fail: (next) => {
      fault = next;
    },
    received: (count) => until(() => requests.length >= count, `${name} to get ${count} requests`),
    async kill() {
      const dying = server;
      server = undefined;
      if (dying === undefined) return;
      const closed = once(dying, 'close');
      dying.close();
      dying.closeAllConnections();
      await closed;
    },
    async restart() {
      server ??= await listen(createServer(handler), port);
    },
  };
}

async function answerRequest(
  schema: GraphQLSchema,
  request: IncomingMessage,
  response: ServerResponse,
  requests: StubRequest[],
  fault: () => Fault | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // Killed while the request came in.
    return;
  }
  const { query, variables = {}, operationName } = JSON.parse(Buffer.concat(chunks).toString());
  const record: StubRequest = { headers: request.headers, query, variables, aborted: false };
  requests.push(record);
  response.once('close', () => {
    record.aborted = !response.writableFinished;
  });
  const contextValue: StubContext = { headers: request.headers };
  const result = await graphql({
    schema,
    source: query,
    variableValues: variables,
    operationName,
    contextValue,
  });
  const answer = Buffer.from(JSON.stringify(result));
  (fault() ?? faults.none)(response, answer, request);
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const DRIP_BYTES = 1;
const DRIP_MS = 20;

const known = {
  none(response, answer) {
    response.writeHead(200, { ...JSON_HEADERS, 'content-length': answer.length });
    response.end(answer);
  },
  /** Takes the request and never says a word. */
  hang() {},
  /** A 200 that calls itself JSON and is none. */
  garbage(response) {
    response.writeHead(200, JSON_HEADERS);
    response.end('<<< this is not JSON >>>');
  },
  /** JSON, but no GraphQL answer. */
  notGraphql(response) {
    response.writeHead(200, JSON_HEADERS);
    response.end(JSON.stringify(['status', 'ok']));
  },
  html(response) {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>It works!</html>');
  },
  /** A byte at a time: never idle, never done. */
  slowDrip(response, answer) {
    response.writeHead(200, { ...JSON_HEADERS, 'content-length': answer.length });
    let sent = 0;
    const drip = setInterval(() => {
      response.write(answer.subarray(sent, (sent += DRIP_BYTES)));
      if (sent >= answer.length) response.end();
    }, DRIP_MS);
    response.once('close', () => clearInterval(drip));
  },
  /** The connection breaks in the middle of the body. */
  resetMidBody(response, answer, request) {
    response.writeHead(200, { ...JSON_HEADERS, 'content-length': answer.length });
    response.write(answer.subarray(0, answer.length / 2), () => request.socket.resetAndDestroy());
  },
  /** 503 without a body of any use. */
  unavailable(response) {
    response.writeHead(503, { 'content-type': 'text/plain' });
    response.end('upstream connect error');
  },
  /** 500 with errors in GraphQL's form. */
  graphqlError500(response) {
    response.writeHead(500, JSON_HEADERS);
    response.end(JSON.stringify({ errors: [{ message: 'the stub is unwell' }] }));
  },
  /** Chunked, and without end. */
  oversize(response) {
    response.writeHead(200, JSON_HEADERS);
    const block = Buffer.alloc(64 * 1024, ' ');
    const more = () => {
      while (!response.destroyed && response.write(block));
    };
    response.on('drain', more);
    more();
  },
} satisfies Record<string, Fault>;

/** What can go wrong on the wire. */
export const faults: Readonly<Record<keyof typeof known, Fault>> = known;

function urlOf(running: ReadonlyMap<string, StubSubgraph>, name: string): string {
  return running.get(name)?.url ?? '';
}

async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
