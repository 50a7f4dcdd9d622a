import { failure, type StreamEnd } from '#gateway/live/subscriber.ts';

/** How a socket to a subgraph came to its end. */
export interface UpstreamClose {
  readonly code: number;
  readonly reason: string;
}

/** Close codes by which a subgraph refuses who asks, as against being away. */
const REFUSALS: Readonly<Record<number, string>> = { 4401: 'UNAUTHENTICATED', 4403: 'FORBIDDEN' };
/** What was said by one side cannot be read by the other, or is too large: it will be the next time, too. */
const UNREADABLE = new Set([1002, 1003, 1007, 1009, 1010, 4400]);
/** The subgraph failed at something, which may have been a passing trouble of its own. */
const FAILED = new Set([1011, 4500]);
const FORBIDDEN_BY_POLICY = 1008;
const FIRST_OF_APPLICATIONS = 4000;

/**
 * Whether a socket was closed for what was said on it: the streams on it are suspects. Any other end (1000, 1001, 1006,
 * 1012, 1013 …) is the subgraph's going away.
 */
export function isFault(code: number): boolean {
  return (
    code >= FIRST_OF_APPLICATIONS || code === FORBIDDEN_BY_POLICY || UNREADABLE.has(code) || FAILED.has(code)
  );
}

/** One stream that is alone on such a socket is the culprit, whenever that was. */
export function isUnreadable(code: number): boolean {
  return UNREADABLE.has(code);
}

/** It is worth another try. */
export function mayPass(code: number): boolean {
  return FAILED.has(code);
}

export function isRefusal(code: number): boolean {
  return REFUSALS[code] !== undefined;
}

/** What becomes of a stream for which a subgraph closes its connection. */
export function closedFor(subgraph: string, { code, reason }: UpstreamClose): StreamEnd {
  const because = reason === '' ? '' : `: ${reason}`;
  return failure(
    REFUSALS[code] ?? 'SUBGRAPH_CLOSED_STREAM',
    `${subgraph} closed the live connection for this subscription with ${code}${because}`,
    { closeCode: code, closeReason: reason, ...(mayPass(code) && { retryable: true }) },
  );
}

/** The code with which the library closes for what it could not read; undefined when `error` is something else. */
export function codeOfUnreadable(error: Error): number | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  if (code === 'WS_ERR_INVALID_UTF8') return 1007;
  return code.startsWith('WS_ERR_') ? 1002 : undefined;
}

/** The close code that says what an HTTP answer to an upgrade request did. */
export function refusalOfUpgrade(error: Error): number | undefined {
  const status = /^Unexpected server response: (40[13])$/.exec(error.message)?.[1];
  return status === undefined ? undefined : 4000 + Number(status);
}
