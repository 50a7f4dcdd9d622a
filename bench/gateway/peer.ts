import { readFileSync } from 'node:fs';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

/**
 * A process: @apollo/gateway behind Apollo Server, started the way its documentation does, which is also how it passes on
 * who asks. Environment: PORT, SUPERGRAPH (a file), GATEWAY_SECRET (none: not sent).
 */
interface Context {
  readonly authorization?: string | undefined;
}

const { SUPERGRAPH = '', GATEWAY_SECRET, PORT } = process.env;
const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(SUPERGRAPH, 'utf8'),
  buildService: ({ url }) =>
    new RemoteGraphQLDataSource<Context>({
      ...(url !== undefined && { url }),
      willSendRequest({ request, context }) {
        if (GATEWAY_SECRET !== undefined) request.http?.headers.set('x-gateway-secret', GATEWAY_SECRET);
        if (context.authorization !== undefined)
          request.http?.headers.set('authorization', context.authorization);
      },
    }),
});
const server = new ApolloServer<Context>({ gateway });
await startStandaloneServer(server, {
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
  listen: { host: '127.0.0.1', port: Number(PORT) },
});
