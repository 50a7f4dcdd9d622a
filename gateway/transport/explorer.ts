import type { FastifyInstance } from 'fastify';

const EXPLORER_PATH = '/explorer';

/** GraphiQL with everything it needs in one page, so that it also works where Apollo's CDN cannot be reached. */
export function serveExplorer(app: FastifyInstance, endpoint: string): void {
  let page: Promise<string> | undefined;
  app.get(EXPLORER_PATH, async (_request, reply) => {
    page ??= render(endpoint);
    return reply.type('text/html; charset=utf-8').send(await page);
  });
}

/** The package is 9 MB of text: it is read when somebody first asks for the page. */
async function render(endpoint: string): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  return renderGraphiQL({ title: 'Explorer', endpoint, subscriptionsProtocol: 'WS' });
}
