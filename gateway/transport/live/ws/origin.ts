import type { IncomingHttpHeaders } from 'node:http';
import { isAllowedOrigin } from '#gateway/transport/http/hooks/use-cors.ts';

/**
 * Whether the upgrade was asked for by a page that may not call the gateway. A browser sends its cookies along with any
 * page's WebSocket and asks nobody first, so that it counts where cookies are what subgraphs know a user by. What is no
 * browser sends no `Origin`; a page of the gateway's own is of the same host.
 */
export function isForeignPage(
  { origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders,
  corsOrigins: readonly (string | RegExp)[],
): boolean {
  if (origin === undefined || site === 'same-origin' || isAllowedOrigin(corsOrigins, origin)) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
