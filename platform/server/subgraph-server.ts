import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import { type DocumentNode, type GraphQLSchema, parse } from 'graphql';
import { uuidv7 } from 'uuidv7';
import { SUBGRAPH_REQUEST_BYTES } from '#schema/sizes.ts';
import type { VerifyToken } from '#platform/auth/verify-token.ts';
import { hostFault, isWebSocketUpgrade } from '#platform/http/request-head.ts';
import type { Logger } from '#platform/process/logger.ts';
import { guardMutations, type HasEnded } from './ended-sessions.ts';
import { guardEntities } from './schema/entities.ts';
import { serveHealth } from './health.ts';
import { maskErrors } from './errors/mask-error.ts';
import {
  CLIENT_ADDRESS_HEADER,
  GATEWAY_SECRET_HEADER,
  REQUEST_ID_HEADER,
  type RequestContext,
} from './request-context.ts';
import { serveSubscriptions } from './streams/subscription-server.ts';
import { variableErrors } from './schema/variables.ts';

export interface SubgraphServerOptions<Context extends RequestContext> {
  readonly name: string;
  /** The subgraph's contract, a file of schema/. */
  readonly schemaFile: URL;
  /** As codegen types them: `Resolvers`. */
  readonly resolvers: object;
  /** Called once a request, and once an event of a subscription. */
  createContext(request: RequestContext): Context;
  readonly verifyToken: VerifyToken;
  readonly hasEnded: HasEnded;
  /** Mutations that do not act as the user whose token comes along: an ended session does not stop them. */
  readonly openMutations?: readonly string[];
  readonly gatewaySecret: string;
  readonly logger: Logger;
  /** Throws while the service cannot do its work; behind `GET /health/ready`. */
  checkHealth(): Promise<void>;
  /** Throws while the bus is away, without which the service is ready all the same, and says so. */
  checkBus?(): Promise<void>;
  /** Until a request has arrived whole; a connection that sends none is closed after it, too. 30 s unless told otherwise. */
  readonly requestTimeoutMs?: number;
  /** Further routes, open to callers that are not the gateway. */
  routes?(app: FastifyInstance): void;
}

export interface SubgraphServer extends AsyncDisposable {
  /** Returns the port, which `port: 0` leaves to the system. */
  listen(at: { host: string; port: number }): Promise<number>;
}

type SubgraphModule = Exclude<
  Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number],
  DocumentNode
>;

const REQUEST_TIMEOUT_MS = 30_000;
/** Twice what the gateway takes from a client: it adds keys, type names and aliases. */
const DOCUMENT_TOKENS_AT_MOST = 20_000;

/** A subgraph's HTTP side: `POST /graphql` and `graphql-transport-ws` on the same path for the gateway, `GET /health/…` for all. Does not listen yet. */
export async function createSubgraphServer<Context extends RequestContext>(
  options: SubgraphServerOptions<Context>,
): Promise<SubgraphServer> {
  const { logger, gatewaySecret, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const schema = buildSubgraphSchema([
    {
      typeDefs: parse(readFileSync(options.schemaFile, 'utf8')),
      resolvers: options.resolvers as SubgraphModule['resolvers'],
    },
  ]);
  guardEntities(schema);
  guardMutations(schema, options.hasEnded, options.openMutations ?? []);
  const app = Fastify({
    bodyLimit: SUBGRAPH_REQUEST_BYTES,
    forceCloseConnections: 'idle',
    keepAliveTimeout: 75_000,
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 10),
      shouldUpgradeCallback: (request) => hasSubscriptions(schema) && isWebSocketUpgrade(request),
    },
  });
  app.addHook('onRequest', (request, reply, done) => {
    const fault = hostFault(request.raw);
    if (fault === undefined) return done();
    void reply.code(400).header('connection', 'close').send(errorBody(fault, 'BAD_REQUEST'));
  });
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    csrfPrevention: false, // only the gateway gets this far
    includeStacktraceInErrorResponses: false,
    // Nobody reads a suggestion here, and whoever gets this far without being the gateway is to learn nothing.
    hideSchemaDetailsFromClientErrors: true,
    parseOptions: { maxTokens: DOCUMENT_TOKENS_AT_MOST },
    stopOnTerminationSignals: false,
    logger: logger as Logger & { debug(message: string): void },
    plugins: [
      fastifyApolloDrainPlugin(app),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      boundVariables(schema, logger),
      masking(logger),
    ],
  });
  await apollo.start();

  const isGateway = (secret: unknown) => typeof secret === 'string' && sameSecret(secret, gatewaySecret);
  serveHealth(app, {
    checkHealth: () => options.checkHealth(),
    checkBus: async () => options.checkBus?.(),
    isGateway,
    logger,
  });
  options.routes?.(app);

  await app.register(async (guarded) => {
    guarded.addHook('onRequest', async (request, reply) => {
      if (!isGateway(request.headers[GATEWAY_SECRET_HEADER])) {
        return reply.code(403).send(errorBody('This subgraph answers the gateway only.', 'FORBIDDEN'));
      }
    });
    await guarded.register(fastifyApollo(apollo), {
      context: async (request) =>
        options.createContext({
          actor: await options.verifyToken(request.headers.authorization),
          requestId: headerText(request.headers[REQUEST_ID_HEADER]) ?? uuidv7(),
          clientAddress: headerText(request.headers[CLIENT_ADDRESS_HEADER]),
          resumeAfter: null,
        }),
    });
  });
  const subscriptions = hasSubscriptions(schema)
    ? serveSubscriptions({ ...options, schema, server: app.server, isGateway })
    : null;

  return {
    async listen({ host, port }) {
      await app.listen({ host, port });
      return (app.server.address() as { port: number }).port;
    },
    async [Symbol.asyncDispose]() {
      await subscriptions?.[Symbol.asyncDispose]();
      await app.close();
      await apollo.stop();
    },
  };
}

function hasSubscriptions(schema: GraphQLSchema): boolean {
  return schema.getSubscriptionType() != null;
}

function errorBody(message: string, code: string): object {
  return { errors: [{ message, extensions: { code } }] };
}

function sameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Refuses wrong variables before graphql-js describes them. */
function boundVariables(schema: GraphQLSchema, logger: Logger): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async responseForOperation({ request, document, contextValue }) {
          const wrong = variableErrors(schema, document, request.operationName, request.variables);
          if (wrong.length === 0) return null;
          const errors = maskErrors(wrong, contextValue.requestId, logger);
          return {
            http: { status: 400, headers: new HeaderMap() },
            body: { kind: 'single', singleResult: { errors } },
          };
        },
      };
    },
  };
}

/** Unexpected errors are logged whole and shown as nothing but a request id. */
function masking(logger: Logger): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response, errors, contextValue }) {
          if (response.body.kind !== 'single' || errors === undefined) return;
          response.body.singleResult.errors = maskErrors(errors, contextValue.requestId, logger);
        },
      };
    },
  };
}
