import type { ExplorerExample } from './explorer-examples.ts';
import { hashOf, type Page, policyOf } from './page.ts';

const SCRIPT_BEGINS = '<script>';
const SCRIPT_ENDS = '</script>';
/** The page has one script, behind the element that it fills. */
const ROOT = '<div id="root">';

/**
 * GraphiQL with everything it needs in one page, so that it also works where Apollo's CDN cannot be reached.
 * Subscriptions come as server-sent events, which carry what is in the Headers pane; a browser's WebSocket cannot.
 *
 * The package is 9 MB of text: it is read when this is first called.
 *
 * @param examples the tabs that it opens with
 */
export async function renderExplorer(endpoint: string, examples: readonly ExplorerExample[]): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title: 'Explorer',
    endpoint,
    subscriptionsProtocol: 'SSE',
    ...(examples.length > 0 && { defaultTabs: examples.map(withoutScriptEnds) }),
  });
  const begins = html.indexOf(SCRIPT_BEGINS, html.indexOf(ROOT)) + SCRIPT_BEGINS.length;
  const script = html.slice(begins, html.lastIndexOf(SCRIPT_ENDS));
  const policy = policyOf([
    `script-src ${hashOf(script)}`,
    // The editor makes its styles as it goes, and its workers of text in the page.
    "style-src 'unsafe-inline'",
    'worker-src blob:',
    'font-src data:',
    'img-src data:',
    "connect-src 'self'",
  ]);
  return { html, policy };
}

/** They are written into a script, which must not end where an example has the words for it. */
function withoutScriptEnds(example: ExplorerExample): ExplorerExample {
  return { ...example, query: example.query.replaceAll('</', '< /') };
}
