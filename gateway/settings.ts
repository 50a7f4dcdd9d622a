import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import {
  DOCUMENT_LIMIT_VARIABLES,
  type DocumentLimits,
  documentLimits,
  PLANNING_VARIABLES,
  planningThreads,
  type PlanningThreadsConfig,
} from './planning/planning-settings.ts';
import { CLIENT_MESSAGE_BYTES, SUBGRAPH_ANSWER_BYTES } from '#schema/sizes.ts';
import { DEFAULT_LIVE_CONFIG, type LiveConfig } from './live/live-settings.ts';
import { HTTP_VARIABLES, type HttpConfig, httpConfig, LOCAL_ORIGIN } from './transport/http/http-settings.ts';
import { integer, list, onOff, milliseconds } from './variable-types.ts';

/**
 * The gateway's settings and the only reader of the environment in `gateway/`. A flag wins over its variable.
 *
 * | variable                        | default     | meaning                                                                      |
 * |---------------------------------|-------------|------------------------------------------------------------------------------|
 * | `SUPERGRAPH` (`--supergraph`)   | required    | supergraph SDL file; watched, a valid change is swapped in                   |
 * | `PORT` (`--port`)               | 4000        | 0 takes any free port                                                        |
 * | `HOST`                          | 127.0.0.1   | address to listen on                                                         |
 * | `NODE_ENV`                      | development | `production` masks internal errors and turns explorer, CORS, plans off       |
 * | `LOG_LEVEL`                     | info        | of pino; `silent` for none                                                   |
 * | `GATEWAY_SECRET`                | none        | sent to every subgraph as `x-gateway-secret`                                 |
 * | `FORWARD_HEADERS`               | see below   | comma list: the client headers that subgraphs get, and no other              |
 * | `SUBGRAPH_URL_<NAME>`           | supergraph  | another address for subgraph NAME (upper case, `_` for what is no letter or digit) |
 * | `SHARE_SUBGRAPH_CALLS`          | on          | identical subgraph queries in flight travel once                             |
 * | `SHARE_REQUESTS`                | off         | identical client queries in flight are executed once                         |
 * | `SUBGRAPH_CONNECT_TIMEOUT_MS`   | 2000        | to open a connection                                                         |
 * | `SUBGRAPH_TIMEOUT_MS`           | 15000       | for one call from start to last byte, its waiting and retries included       |
 * | `SUBGRAPH_RETRIES`              | 2           | of a query whose connection was lost                                         |
 * | `SUBGRAPH_MAX_CALLS`            | 128         | under way at once to one subgraph; no operation or client gets all           |
 * | `SUBGRAPH_MAX_WAITING`          | 1000        | calls that wait for their turn, likewise; beyond it they fail at once        |
 * | `SUBGRAPH_MAX_RESPONSE_BYTES`   | 16 MiB      | of one subgraph answer, decompressed                                         |
 * | `SUBGRAPH_COMPRESSION`          | off         | ask for compressed answers: pays where the network is slower than zlib       |
 * | `BREAKER_FAILURES`              | 10          | calls, more than half of the latest 2 × this many, that open the circuit     |
 * | `BREAKER_COOL_DOWN_MS`          | 2000        | until an open circuit, which refuses only those who fail, lets one call try  |
 * | `MAX_BODY_BYTES`                | 1 MiB       | of a client's request                                                        |
 * | `MAX_DOCUMENT_TOKENS`           | 10000       | of a client's GraphQL document                                               |
 * | `MAX_NESTING`                   | 200         | brackets within each other in a document                                     |
 * | `MAX_DEPTH`                     | 50          | levels of fields in a client's operation, fragments expanded, like all below |
 * | `MAX_HEIGHT`                    | 1000        | its fields; one under several aliases in one selection set counts once       |
 * | `MAX_ALIASES`                   | 30          | its aliases                                                                  |
 * | `MAX_ROOT_FIELDS`               | 20          | its fields of Query, Mutation or Subscription                                |
 * | `MAX_MUTATION_FIELDS`           | 5           | the same of a mutation, whose fields are a call each, one after another      |
 * | `MAX_RECURSIVE_SELECTIONS`      | 10000       | its fields and fragments, each as often as it is reached                     |
 * | `MAX_DIRECTIVES`                | 200         | its directives                                                               |
 * | `MAX_TYPED_SELECTIONS`          | 20000       | its fields, each for every object type that it may be asked of               |
 * | `MAX_IN_FLIGHT`                 | 1000        | client requests at once; beyond it 503                                       |
 * | `MAX_EVENT_LOOP_DELAY_MS`       | 1000        | mean delay beyond which new requests get 503                                 |
 * | `PLANNING_TIMEOUT_MS`           | 1000        | for planning one operation, in a thread of its own; past it the operation is refused |
 * | `PLANNING_THREADS`              | 2           | that plan at once, at most; all but one end when they have nothing to do     |
 * | `PLANNING_MEMORY_MB`            | 512         | heap of such a thread, the supergraph included                               |
 * | `PLANNING_MAX_WAITING`          | 100         | new operations that wait to be planned, half of them of one client at most; beyond it they are refused at once |
 * | `PLAN_CACHE_SIZE`               | 1000        | planned operations kept                                                      |
 * | `PLAN_CACHE_BYTES`              | 64 MiB      | of memory that they may hold, by an estimate                                 |
 * | `WARM_UP_OPERATIONS`            | 100         | hottest operations planned anew before a supergraph swaps in                 |
 * | `SHUTDOWN_TIMEOUT_MS`           | 10000       | for what is in flight when the process is told to stop                       |
 * | `BATCHING`                      | off         | accept several operations in one HTTP request                                |
 * | `EXPLORER`                      | development | Apollo Sandbox at `/graphql`, GraphiQL at `/explorer`                        |
 * | `INTROSPECTION`                 | development | answer `__schema` and `__type`                                               |
 * | `METRICS`                       | development | `GET /metrics` for Prometheus, at this same port: who may ask it may read it |
 * | `CORS_ORIGINS`                  | none        | comma list of origins; development adds Apollo Studio's and any of this machine |
 * | `REQUEST_TIMEOUT_MS`            | 30000       | for a request to arrive whole; connections without one, and clients that take nothing of their answer, are closed after it, too |
 * | `KEEP_ALIVE_TIMEOUT_MS`         | as above    | for the next request on a connection; more than what a load balancer before it has |
 * | `COMPRESS_FROM_BYTES`           | 1024        | shorter answers are sent as they are; 0 compresses none                      |
 * | `COMPRESS_STREAMS`              | on          | server-sent events and multipart, too, for clients that ask for it           |
 * | `MAX_BATCH`                     | 10          | operations in one HTTP request, with `BATCHING`                              |
 * | `EXPLORER_EXAMPLES`             | none        | file of GraphQL operations, a tab each of `/explorer`                        |
 * | `TRUSTED_PROXIES`               | none        | comma list of addresses and networks of proxies whose `X-Forwarded-For` says where a client is |
 *
 * For live updates (meanings in `LiveConfig`): `SUBGRAPH_WS_URL_<NAME>`, `LIVE_UPSTREAM_IDENTITY` (operation),
 * `LIVE_PUBLIC_FIELDS` (none), `LIVE_RESUME_WITHIN_MS` (30000), `LIVE_MAX_CONNECTIONS` (20000),
 * `LIVE_MAX_CONNECTIONS_PER_ADDRESS` (5000; 0 for no such limit),
 * `LIVE_MAX_SUBSCRIPTIONS_PER_CONNECTION` (200), `LIVE_MAX_SUBSCRIPTIONS_PER_USER` (1000),
 * `LIVE_MAX_UPSTREAM_REQUEST_BYTES` (4 MiB), `LIVE_MAX_MESSAGE_BYTES` (1 MiB),
 * `LIVE_INIT_TIMEOUT_MS` (5000), `LIVE_HEARTBEAT_MS` (12000),
 * `LIVE_MAX_BUFFERED_BYTES` (1 MiB), `LIVE_SWAP_SPREAD_MS` (5000), `LIVE_DRAIN_SPREAD_MS` (1000).
 */
export interface GatewayConfig {
  readonly supergraphFile: string;
  readonly host: string;
  readonly port: number;
  readonly production: boolean;
  readonly logLevel: string;
  readonly upstream: UpstreamConfig;
  readonly shareRequests: boolean;
  readonly limits: LimitsConfig;
  readonly planning: PlanningThreadsConfig;
  readonly planCacheSize: number;
  readonly planCacheBytes: number;
  readonly warmUpOperations: number;
  readonly shutdownTimeoutMs: number;
  readonly batching: boolean;
  readonly explorer: boolean;
  readonly introspection: boolean;
  readonly metrics: boolean;
  readonly corsOrigins: readonly (string | RegExp)[];
  readonly http: HttpConfig;
  readonly live: LiveConfig;
}

export interface UpstreamConfig {
  readonly secret: string | undefined;
  /** Lower case. */
  readonly forwardHeaders: readonly string[];
  /** By the name as it stands in `SUBGRAPH_URL_<NAME>`, see {@link urlVariable}. */
  readonly urls: ReadonlyMap<string, string>;
  readonly shareCalls: boolean;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly maxCalls: number;
  readonly maxWaiting: number;
  readonly maxResponseBytes: number;
  /** Ask subgraphs to compress; those that do so unasked are understood in any case. */
  readonly compression: boolean;
  readonly breakerFailures: number;
  readonly breakerCoolDownMs: number;
}

export interface LimitsConfig extends DocumentLimits {
  readonly maxBodyBytes: number;
  readonly maxInFlight: number;
  readonly maxEventLoopDelayMs: number;
}

/** The settings are unusable; the message names each variable and what is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const DEFAULT_FORWARD_HEADERS = 'authorization,x-request-id,traceparent,tracestate,accept-language';
const STUDIO_ORIGINS = ['https://studio.apollographql.com'];
const URL_VARIABLE_PREFIX = 'SUBGRAPH_URL_';
const WS_URL_VARIABLE_PREFIX = 'SUBGRAPH_WS_URL_';
/** Headers of one connection or one message; forwarding them would corrupt the call. */
const NEVER_FORWARDED = new Set([
  'connection',
  'content-length',
  'content-type',
  'content-encoding',
  'accept',
  'accept-encoding',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-client-address',
  'x-gateway-secret',
]);
/** A header's name (RFC 9110, 5.6.2). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

const live = DEFAULT_LIVE_CONFIG;

const environment = z
  .object({
    SUPERGRAPH: z.string('name a supergraph file with --supergraph FILE or SUPERGRAPH').min(1),
    PORT: integer(4000, 0, 65_535),
    HOST: z
      .string()
      .refine((host) => host === 'localhost' || isIP(host) !== 0, 'must be an IP address or localhost')
      .default('127.0.0.1'),
    NODE_ENV: z
      .enum(['development', 'test', 'production'], 'must be development, test or production')
      .default('development'),
    LOG_LEVEL: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
    GATEWAY_SECRET: z.string().trim().min(16, 'must have at least 16 characters').optional(),
    FORWARD_HEADERS: list
      .default(DEFAULT_FORWARD_HEADERS.split(','))
      .transform((names) => names.map((name) => name.toLowerCase()))
      .refine(
        (names) => !names.some((name) => NEVER_FORWARDED.has(name)),
        `must not name ${[...NEVER_FORWARDED].join(', ')}`,
      )
      .refine((names) => names.every((name) => HEADER_NAME.test(name)), 'must list names of headers'),
    SHARE_SUBGRAPH_CALLS: onOff.default(true),
    SHARE_REQUESTS: onOff.default(false),
    SUBGRAPH_CONNECT_TIMEOUT_MS: milliseconds(2_000, 1),
    SUBGRAPH_TIMEOUT_MS: milliseconds(15_000, 1),
    SUBGRAPH_RETRIES: integer(2, 0, 10),
    SUBGRAPH_MAX_CALLS: integer(128, 1),
    SUBGRAPH_MAX_WAITING: integer(1_000, 0),
    SUBGRAPH_MAX_RESPONSE_BYTES: integer(SUBGRAPH_ANSWER_BYTES, 1),
    SUBGRAPH_COMPRESSION: onOff.default(false),
    BREAKER_FAILURES: integer(10, 1),
    BREAKER_COOL_DOWN_MS: milliseconds(2_000, 1),
    MAX_BODY_BYTES: integer(CLIENT_MESSAGE_BYTES, 1),
    ...DOCUMENT_LIMIT_VARIABLES,
    ...PLANNING_VARIABLES,
    MAX_IN_FLIGHT: integer(1_000, 1),
    MAX_EVENT_LOOP_DELAY_MS: milliseconds(1_000, 1),
    WARM_UP_OPERATIONS: integer(100, 0),
    SHUTDOWN_TIMEOUT_MS: milliseconds(10_000, 0),
    BATCHING: onOff.default(false),
    EXPLORER: onOff.optional(),
    INTROSPECTION: onOff.optional(),
    METRICS: onOff.optional(),
    ...HTTP_VARIABLES,
    LIVE_UPSTREAM_IDENTITY: z.enum(['operation', 'connection']).default(live.upstreamIdentity),
    LIVE_PUBLIC_FIELDS: list.default([]),
    LIVE_MAX_UPSTREAM_REQUEST_BYTES: integer(live.maxUpstreamRequestBytes, 1),
    LIVE_RESUME_WITHIN_MS: milliseconds(live.resumeWithinMs, 0),
    LIVE_MAX_CONNECTIONS: integer(live.maxConnections, 1),
    LIVE_MAX_CONNECTIONS_PER_ADDRESS: integer(live.maxConnectionsPerAddress, 0),
    LIVE_MAX_SUBSCRIPTIONS_PER_CONNECTION: integer(live.maxSubscriptionsPerConnection, 1),
    LIVE_MAX_SUBSCRIPTIONS_PER_USER: integer(live.maxSubscriptionsPerUser, 1),
    LIVE_MAX_MESSAGE_BYTES: integer(live.maxMessageBytes, 1),
    LIVE_INIT_TIMEOUT_MS: milliseconds(live.initTimeoutMs, 1),
    LIVE_HEARTBEAT_MS: milliseconds(live.heartbeatMs, 1),
    LIVE_MAX_BUFFERED_BYTES: integer(live.maxBufferedBytes, 1),
    LIVE_SWAP_SPREAD_MS: milliseconds(live.swapSpreadMs, 0),
    LIVE_DRAIN_SPREAD_MS: milliseconds(live.drainSpreadMs, 0),
  })
  .refine((env) => !(env.NODE_ENV === 'production' && /^dev-/i.test(env.GATEWAY_SECRET ?? '')), {
    path: ['GATEWAY_SECRET'],
    message: 'starts with "dev-": production needs a secret of its own',
  });

/** `my-products` → `MY_PRODUCTS`, the ending of its `SUBGRAPH_URL_…` variable. */
export function urlVariable(subgraph: string): string {
  return subgraph.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

/**
 * Reads flags and environment. An empty variable counts as not set.
 * @throws {ConfigError}
 */
export function readConfig(
  argv: readonly string[],
  environmentVariables: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const set = Object.entries(environmentVariables).filter(([, value]) => value !== undefined && value !== '');
  const {
    success,
    data: env,
    error,
  } = environment.safeParse({ ...Object.fromEntries(set), ...readFlags(argv) });
  if (!success) {
    throw new ConfigError(
      error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    );
  }
  const production = env.NODE_ENV === 'production';
  return {
    supergraphFile: env.SUPERGRAPH,
    host: env.HOST,
    port: env.PORT,
    production,
    logLevel: env.LOG_LEVEL,
    upstream: {
      secret: env.GATEWAY_SECRET,
      forwardHeaders: env.FORWARD_HEADERS,
      urls: readUrls(set, URL_VARIABLE_PREFIX, /^https?:$/),
      shareCalls: env.SHARE_SUBGRAPH_CALLS,
      connectTimeoutMs: env.SUBGRAPH_CONNECT_TIMEOUT_MS,
      timeoutMs: env.SUBGRAPH_TIMEOUT_MS,
      retries: env.SUBGRAPH_RETRIES,
      maxCalls: env.SUBGRAPH_MAX_CALLS,
      maxWaiting: env.SUBGRAPH_MAX_WAITING,
      maxResponseBytes: env.SUBGRAPH_MAX_RESPONSE_BYTES,
      compression: env.SUBGRAPH_COMPRESSION,
      breakerFailures: env.BREAKER_FAILURES,
      breakerCoolDownMs: env.BREAKER_COOL_DOWN_MS,
    },
    shareRequests: env.SHARE_REQUESTS,
    limits: {
      maxBodyBytes: env.MAX_BODY_BYTES,
      ...documentLimits(env),
      maxInFlight: env.MAX_IN_FLIGHT,
      maxEventLoopDelayMs: env.MAX_EVENT_LOOP_DELAY_MS,
    },
    planning: planningThreads(env),
    planCacheSize: env.PLAN_CACHE_SIZE,
    planCacheBytes: env.PLAN_CACHE_BYTES,
    warmUpOperations: env.WARM_UP_OPERATIONS,
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
    batching: env.BATCHING,
    explorer: env.EXPLORER ?? !production,
    introspection: env.INTROSPECTION ?? !production,
    metrics: env.METRICS ?? !production,
    corsOrigins: production ? env.CORS_ORIGINS : [...env.CORS_ORIGINS, ...STUDIO_ORIGINS, LOCAL_ORIGIN],
    http: httpConfig(env),
    live: {
      ...live,
      // As long as operations over any other transport have.
      drainWithinMs: env.SHUTDOWN_TIMEOUT_MS,
      upstreamUrls: readUrls(set, WS_URL_VARIABLE_PREFIX, /^wss?:$/),
      upstreamIdentity: env.LIVE_UPSTREAM_IDENTITY,
      publicFields: new Set(env.LIVE_PUBLIC_FIELDS),
      maxUpstreamRequestBytes: env.LIVE_MAX_UPSTREAM_REQUEST_BYTES,
      resumeWithinMs: env.LIVE_RESUME_WITHIN_MS,
      maxConnections: env.LIVE_MAX_CONNECTIONS,
      maxConnectionsPerAddress: env.LIVE_MAX_CONNECTIONS_PER_ADDRESS,
      maxSubscriptionsPerConnection: env.LIVE_MAX_SUBSCRIPTIONS_PER_CONNECTION,
      maxSubscriptionsPerUser: env.LIVE_MAX_SUBSCRIPTIONS_PER_USER,
      maxMessageBytes: env.LIVE_MAX_MESSAGE_BYTES,
      initTimeoutMs: env.LIVE_INIT_TIMEOUT_MS,
      heartbeatMs: env.LIVE_HEARTBEAT_MS,
      maxBufferedBytes: env.LIVE_MAX_BUFFERED_BYTES,
      swapSpreadMs: env.LIVE_SWAP_SPREAD_MS,
      drainSpreadMs: env.LIVE_DRAIN_SPREAD_MS,
    },
  };
}

function readFlags(argv: readonly string[]): Record<string, string> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { supergraph: { type: 'string' }, port: { type: 'string' } },
    });
    return {
      ...(values.supergraph !== undefined && { SUPERGRAPH: values.supergraph }),
      ...(values.port !== undefined && { PORT: values.port }),
    };
  } catch (cause) {
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Addresses by what follows the prefix in their variable's name. */
function readUrls(
  variables: readonly (readonly [string, string | undefined])[],
  prefix: string,
  protocol: RegExp,
): Map<string, string> {
  const urls = new Map<string, string>();
  for (const [variable, url = ''] of variables) {
    if (!variable.startsWith(prefix)) continue;
    if (!URL.canParse(url) || !protocol.test(new URL(url).protocol)) {
      throw new ConfigError(`${variable}: must be a URL whose protocol fits ${protocol.source}`);
    }
    urls.set(variable.slice(prefix.length), url);
  }
  return urls;
}
