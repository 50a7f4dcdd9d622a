import { ApolloServer, type ApolloServerPlugin, HeaderMap, type HTTPGraphQLRequest } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import type { FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/config.ts';
import type { ClientContext, Gateway } from '#gateway/gateway.ts';
import { parseExactJson, parseRequestJson } from '#gateway/json/exact-json.ts';
import { type GraphqlOverHttp, statusOf } from './graphql-over-http.ts';
import { landingPage } from './landing-page.ts';

interface Deps {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly gateway: Pick<Gateway, 'current' | 'onSwap' | 'execute'>;
}

/**
 * GraphQL over HTTP by Apollo Server: methods, CSRF prevention, persisted queries, batching, the landing page, and what
 * is wrong with a malformed request. Validation and execution are the gateway's, which does both for all transports.
 */
export async function createApollo({ config, logger, gateway }: Deps): Promise<GraphqlOverHttp> {
  const plugins: ApolloServerPlugin[] = [
    ApolloServerPluginCacheControlDisabled(),
    config.explorer ? landingPage() : ApolloServerPluginLandingPageDisabled(),
  ];
  const server = new ApolloServer<ClientContext>({
    gateway: {
      onSchemaLoadOrUpdate(callback) {
        const tell = () => {
          const { apiSchema, sdl } = gateway.current.supergraph;
          callback({ apiSchema, coreSupergraphSdl: sdl });
        };
        tell();
        return gateway.onSwap(tell);
      },
      load: () =>
        Promise.resolve({
          async executor({ source, request, context }) {
            const { operationName, extensions } = request;
            const variables = request.http?.method === 'GET' ? inQuery(request.http.url) : request.variables;
            const query = { query: source, operationName, variables, extensions };
            const { errors, ...result } = await gateway.execute(query, context as ClientContext);
            if (errors === undefined) return result;
            const status = statusOf({ ...result, errors });
            return { ...result, errors: errors.map((error) => toGraphqlError(error, status)) };
          },
        }),
      stop: () => Promise.resolve(),
    },
    dangerouslyDisableValidation: true,
    allowBatchedHttpRequests: config.batching,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    introspection: config.introspection,
    logger,
    nodeEnv: config.production ? 'production' : 'development',
    stopOnTerminationSignals: false,
    stringifyResult: (value) => JSON.stringify(value),
    plugins,
  });
  await server.start();

  return {
    async answer(request, client) {
      const {
        status,
        headers,
        body: content,
      } = await server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: toHttpGraphqlRequest(request),
        context: () => Promise.resolve(client),
      });
      return {
        status: status ?? 200,
        headers,
        body: content.kind === 'complete' ? content.string : content.asyncIterator,
      };
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function toHttpGraphqlRequest(request: FastifyRequest): HTTPGraphQLRequest {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, typeof value === 'string' ? value : value.join(', '));
  }
  const query = request.url.indexOf('?');
  return {
    method: request.method,
    headers,
    search: query === -1 ? '' : request.url.slice(query),
    body: readBody(request),
  };
}

/** The variables of a GET. Apollo Server has read them already, but as JavaScript reads numbers. */
function inQuery(url: string): Record<string, unknown> | undefined {
  const text = new URL(url).searchParams.get('variables');
  const variables = text === null || text === '' ? undefined : parseExactJson(text);
  return typeof variables === 'object' && variables !== null ? { ...variables } : undefined;
}

/** Anything but JSON text is left to Apollo Server, which says what is wrong with it. */
function readBody({ body }: FastifyRequest): unknown {
  if (typeof body !== 'string') return undefined;
  try {
    return parseRequestJson(body);
  } catch {
    throw new BadRequestError('The body is no JSON.');
  }
}

class BadRequestError extends Error {
  readonly statusCode = 400;
}

/** Apollo Server takes instances only, and takes the status from where it then removes it. */
function toGraphqlError({ message, path, extensions }: GraphQLFormattedError, status: number): GraphQLError {
  return new GraphQLError(message, { path, extensions: { ...extensions, http: { status } } });
}
