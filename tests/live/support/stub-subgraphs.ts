import { EventEmitter, on } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  graphql,
  GraphQLError,
  type GraphQLSchema,
  parse,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@tag"])\n';

/** A subgraph that owns live fields, and one that its events need entities of. */
export const FEED_SDL = `${LINK}
  type Query { item(id: ID!): Item }
  type Subscription {
    "Resumable: each event has a cursor, the item's version."
    itemChanged(id: ID!): Item!
    "Resumable, and opens by saying where it stands."
    itemChangedAnnounced(id: ID!): Item!
    "Resumable, and begins with the latest change unless told where to begin."
    itemState(id: ID!): Item!
    "Not resumable."
    ticked(topic: ID!): Item!
    "The same for everyone, and says so."
    announced(topic: ID!): Item! @tag(name: "public-stream")
  }
  type Item @key(fields: "id") { id: ID! version: Int! owner: Person! }
  type Person @key(fields: "id", resolvable: false) { id: ID! }`;
export const PEOPLE_SDL = `${LINK}
  type Query { me: Person }
  type Mutation { rename(id: ID!, name: String!): Person fill(length: Int!): String! }
  type Person @key(fields: "id") { id: ID! name: String! }`;

export interface Subscribed {
  readonly field: string;
  readonly id: string;
  readonly cursor: unknown;
  /** `extensions.headers` of the subscribe message. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The payload of `connection_init`. */
  readonly connection: Readonly<Record<string, unknown>>;
}

/** What a test sees and steers of the subgraph with the live fields. It keeps a log for each item and honours cursors. */
export interface Feed extends AsyncDisposable {
  readonly url: string;
  /** Upstream subscriptions now, and each that ever was. */
  readonly active: number;
  readonly subscribed: readonly Subscribed[];
  readonly sockets: ReadonlySet<WebSocket>;
  /** Appends to the item's log and tells whoever listens. Returns the new version. */
  publish(id: string): number;
  /** Resolves as soon as `condition` holds; looked at whenever anything changes. */
  until(condition: () => boolean): Promise<void>;
  /** Drops every socket and stops to listen, without a word; the log stays. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  /** Cursors below this one are refused with CURSOR_EXPIRED. */
  forgetBefore(version: number): void;
  /** Subscriptions to this item are refused with FORBIDDEN. */
  refuse(id: string): void;
  /** A subscription to this item makes the subgraph do this to the socket that it came by, under this id. */
  poison(id: string, act: (socket: WebSocket, operation: string) => void): void;
}

interface Entry {
  readonly id: string;
  readonly version: number;
}

export async function startFeed(): Promise<Feed> {
  const logs = new Map<string, Entry[]>();
  const changes = new EventEmitter().setMaxListeners(0);
  const subscribed: Subscribed[] = [];
  const sockets = new Set<WebSocket>();
  const refused = new Set<string>();
  const poisons = new Map<string, (socket: WebSocket, operation: string) => void>();
  let active = 0;
  let oldest = 0;
  let port = 0;
  let stop: () => Promise<void> = async () => {};
  const changed = () => changes.emit('change');
  const logOf = (id: string) => logs.get(id) ?? logs.set(id, []).get(id) ?? [];
  const item = ({ id, version }: Entry) => ({ id, version, owner: { id: `owner-of-${id}` } });

  /** The log's entries behind `after`, then new ones, until the signal. */
  async function* follow(id: string, after: number, signal: AbortSignal): AsyncGenerator<Entry, void> {
    const log = logOf(id);
    const wake = on(changes, `item ${id}`, { signal });
    for (let next = after; !signal.aborted; next += 1) {
      while (log[next] === undefined) {
        if (
          await wake.next().then(
            () => signal.aborted,
            () => true,
          )
        )
          return;
      }
      const entry = log[next];
      if (entry !== undefined) yield entry;
    }
  }

  const schema = buildSubgraphSchema([
    {
      typeDefs: parse(FEED_SDL),
      resolvers: {
        Query: { item: (_: unknown, { id }: { id: string }) => item({ id, version: logOf(id).length }) },
        Item: { __resolveReference: ({ id }: { id: string }) => item({ id, version: logOf(id).length }) },
      },
    },
  ]);

  async function listen(): Promise<void> {
    const server = createServer((request, response) => void answer(schema, request, response));
    const endpoint = new WebSocketServer({ server, path: '/graphql' });
    endpoint.on('connection', (socket) => {
      sockets.add(socket);
      changed();
      socket.on('close', () => {
        sockets.delete(socket);
        changed();
      });
    });
    useServer(
      {
        schema,
        onConnect: ({ connectionParams }) => {
          if (connectionParams?.['authorization'] === 'Bearer bad') throw new Error('no such token');
        },
        context: ({ connectionParams, extra }, operation, payload) => ({
          socket: extra.socket,
          operation,
          connection: connectionParams ?? {},
          extensions: payload.extensions ?? {},
        }),
        subscribe: (args) => {
          const { connection, extensions, socket, operation } = args.contextValue as Record<
            'connection' | 'extensions',
            Record<string, unknown>
          > & { socket: WebSocket; operation: string };
          const root = args.document.definitions[0];
          const field = root?.kind === 'OperationDefinition' ? root.selectionSet.selections[0] : undefined;
          const name = field?.kind === 'Field' ? field.name.value : '';
          const argument = field?.kind === 'Field' ? field.arguments?.[0]?.value : undefined;
          const variable = args.variableValues?.['id'];
          const id =
            argument?.kind === 'StringValue' ? argument.value : typeof variable === 'string' ? variable : '';
          const cursor = extensions['cursor'];
          subscribed.push({
            field: name,
            id,
            cursor,
            headers: (extensions['headers'] ?? {}) as Record<string, unknown>,
            connection,
          });
          changed();
          poisons.get(id)?.(socket, operation);
          if (refused.has(id)) {
            return {
              errors: [new GraphQLError('This item is not yours.', { extensions: { code: 'FORBIDDEN' } })],
            };
          }
          const after = cursor === undefined ? undefined : Number(cursor);
          if (after !== undefined && after < oldest) {
            return {
              errors: [
                new GraphQLError('The cursor is too old.', { extensions: { code: 'CURSOR_EXPIRED' } }),
              ],
            };
          }
          return results(args, id, after, name);
        },
      },
      endpoint,
    );
    port = await listening(server, port);
    stop = async () => {
      for (const socket of endpoint.clients) socket.terminate();
      endpoint.close();
      await closed(server);
    };
  }

  /** Not a generator: its return() would wait for the next event. */
  function results(
    args: ExecutionArgs,
    id: string,
    after: number | undefined,
    field: string,
  ): AsyncIterableIterator<ExecutionResult> {
    const stopping = new AbortController();
    // From now, not from whenever the first event is asked for.
    const { length } = logOf(id);
    const start = after ?? (field === 'itemState' ? Math.max(0, length - 1) : length);
    const entries = follow(id, start, stopping.signal);
    let announced = false;
    active += 1;
    changed();
    const iterator: AsyncIterableIterator<ExecutionResult> = {
      [Symbol.asyncIterator]: () => iterator,
      async next() {
        if (field === 'itemChangedAnnounced' && !announced) {
          announced = true;
          return { done: false, value: { extensions: { cursor: start } } };
        }
        const { done, value } = await entries.next();
        if (done || value === undefined) return { done: true, value: undefined };
        const result = await execute({ ...args, rootValue: { [field]: item(value) } });
        return {
          done: false,
          value: field.startsWith('item') ? { ...result, extensions: { cursor: value.version } } : result,
        };
      },
      async return() {
        if (!stopping.signal.aborted) {
          stopping.abort();
          active -= 1;
          changed();
        }
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  await listen();
  return {
    get url() {
      return `http://127.0.0.1:${port}/graphql`;
    },
    get active() {
      return active;
    },
    subscribed,
    sockets,
    publish(id) {
      const log = logOf(id);
      log.push({ id, version: log.length + 1 });
      changes.emit(`item ${id}`);
      return log.length;
    },
    async until(condition) {
      while (!condition()) await new Promise((resolve) => changes.once('change', resolve));
    },
    crash: () => stop(),
    restart: listen,
    refuse(id) {
      refused.add(id);
    },
    poison(id, act) {
      poisons.set(id, act);
    },
    forgetBefore(version) {
      oldest = version;
    },
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** What a test sees and steers of the subgraph with the entities. */
export interface People extends AsyncDisposable {
  readonly url: string;
  /** Entity requests, with the number of representations and the credentials of each. */
  readonly requests: { readonly representations: number; readonly authorization: string | undefined }[];
  /** How often `fill`, which answers with so many characters, was executed. */
  readonly filled: number;
  /** Requests that are being held back. */
  readonly held: number;
  /** Holds every answer back until the returned function is called. */
  hold(): () => void;
}

export async function startPeople(): Promise<People> {
  const requests: { representations: number; authorization: string | undefined }[] = [];
  let holding: Promise<void> | undefined;
  let held = 0;
  let filled = 0;
  const schema = buildSubgraphSchema([
    {
      typeDefs: parse(PEOPLE_SDL),
      resolvers: {
        Query: { me: () => ({ id: 'me', name: 'Me' }) },
        Mutation: {
          rename: (_: unknown, person: { id: string; name: string }) => person,
          fill: (_: unknown, { length }: { length: number }) => {
            filled += 1;
            return 'x'.repeat(length);
          },
        },
        Person: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `Name of ${id}` }) },
      },
    },
  ]);
  const server = createServer((request, response) => {
    void answer(schema, request, response, async ({ representations }) => {
      if (Array.isArray(representations)) {
        requests.push({
          representations: representations.length,
          authorization: request.headers.authorization,
        });
      }
      held += 1;
      await holding;
      held -= 1;
    });
  });
  const port = await listening(server, 0);
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    requests,
    get held() {
      return held;
    },
    get filled() {
      return filled;
    },
    hold() {
      let release = () => {};
      holding = new Promise((resolve) => {
        release = resolve;
      });
      return () => {
        holding = undefined;
        release();
      };
    },
    [Symbol.asyncDispose]: () => closed(server),
  };
}

/** The supergraph over both, as composition writes it. */
export function composeStubs(feedUrl: string, peopleUrl: string, feedSdl = FEED_SDL): string {
  const { errors, supergraphSdl } = composeServices([
    { name: 'feed', url: feedUrl, typeDefs: parse(feedSdl) },
    { name: 'people', url: peopleUrl, typeDefs: parse(PEOPLE_SDL) },
  ]);
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? []);
  return supergraphSdl;
}

async function answer(
  schema: GraphQLSchema,
  request: IncomingMessage,
  response: ServerResponse,
  before: (variables: Readonly<Record<string, unknown>>) => Promise<void> = async () => {},
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { query, variables = {} } = JSON.parse(Buffer.concat(chunks).toString()) as {
    query: string;
    variables?: Record<string, unknown>;
  };
  await before(variables);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(await graphql({ schema, source: query, variableValues: variables })));
}

async function listening(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
