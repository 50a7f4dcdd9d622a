import type { HttpFraming } from './framing.ts';

/*
 * Apollo's multipart protocol for subscriptions over HTTP:
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
 *
 * Each part is followed by the next boundary at once, as clients take a part for complete only when they see it.
 */

const BOUNDARY = '\r\n--graphql';
const PART = '\r\ncontent-type: application/json\r\n\r\n';
const LAST = '--\r\n';

export const multipart: HttpFraming = {
  name: 'multipart',
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  opening: BOUNDARY,
  event: (payload) =>
    Buffer.concat([Buffer.from(`${PART}{"payload":`), payload, Buffer.from(`}${BOUNDARY}`)]),
  ending: (end) => (end.kind === 'failed' ? lastPart(end.errors) : LAST),
  comeBack: lastPart([
    {
      message: 'The gateway is restarting: subscribe again.',
      extensions: { code: 'SERVICE_RESTART', retryable: true },
    },
  ]),
  heartbeat: `${PART}{}${BOUNDARY}`,
};

/** Errors beside a null payload end the subscription, whatever the operation's own answer is. */
function lastPart(errors: readonly object[]): string {
  return `${PART}${JSON.stringify({ payload: null, errors })}${BOUNDARY}${LAST}`;
}
