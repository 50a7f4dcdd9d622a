import type { FastifyInstance, FastifyReply } from 'fastify';
import { renderExplorer } from './explorer.ts';
import { readExamples } from './explorer-examples.ts';
import { type Page, sendPage } from './page.ts';
import { SANDBOX } from './sandbox.ts';

const EXPLORER_PATH = '/explorer';

export interface Pages {
  /** Answers a browser that opens the endpoint; undefined where explorers are off. */
  sandbox(reply: FastifyReply): FastifyReply | undefined;
}

export interface PagesOptions {
  readonly endpoint: string;
  /** Off: no page but a word about what is where. */
  readonly explorer: boolean;
  readonly examplesFile: string | undefined;
}

/**
 * Serves what people see who come with a browser. `/` leads to the explorer.
 * @throws {ExamplesError}
 */
export async function servePages(app: FastifyInstance, options: PagesOptions): Promise<Pages> {
  const { endpoint, explorer } = options;
  if (!explorer) {
    app.get('/', (_request, reply) =>
      reply.type('text/plain; charset=utf-8').send(`GraphQL is served at ${endpoint}.\n`),
    );
    return { sandbox: () => undefined };
  }
  const examples = await readExamples(options.examplesFile);
  let page: Promise<Page> | undefined;
  app.get('/', (_request, reply) => reply.redirect(EXPLORER_PATH));
  app.get(EXPLORER_PATH, async (_request, reply) => {
    page ??= renderExplorer(endpoint, examples);
    return sendPage(reply, await page);
  });
  return { sandbox: (reply) => sendPage(reply, SANDBOX) };
}
