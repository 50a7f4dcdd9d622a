// What calls have in common. Not the identity by which they are shared: that has whatever a client forwards in it, and
// some forward something else with each request.
import { CLIENT_ADDRESS_HEADER } from '#gateway/subgraphs/forwarded-headers.ts';
import type { ForwardedHeaders, SubgraphCall } from '#gateway/subgraphs/calls/calls.ts';

/** Where the client is, as whom it comes, and what it asks: one of them may be why calls go wrong. */
export function traitsOf({ headers, request }: SubgraphCall): readonly string[] {
  return [
    `address ${addressOf(headers)}`,
    `credentials ${credentialsOf(headers)}`,
    `operation ${request.query}`,
  ];
}

/**
 * Who asks. Many clients may have one address, such as that of a proxy, so it stands for those alone who say nothing else
 * of themselves.
 */
export function clientOf({ headers }: SubgraphCall): string {
  return credentialsOf(headers) || addressOf(headers);
}

function addressOf(headers: ForwardedHeaders): string {
  return headers[CLIENT_ADDRESS_HEADER] ?? '';
}

function credentialsOf(headers: ForwardedHeaders): string {
  return headers['authorization'] ?? headers['cookie'] ?? '';
}
