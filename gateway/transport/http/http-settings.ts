import { z } from 'zod';
import { integer, list, onOff, milliseconds } from '#gateway/variable-types.ts';
import { isAddressOrNetwork } from '#gateway/transport/client-address.ts';

/** How clients are served over HTTP. */
export interface HttpConfig {
  /** Addresses and networks of the proxies whose `X-Forwarded-For` counts. */
  readonly trustedProxies: readonly string[];
  /** For a request to arrive, for a connection to begin one, and for a client to take something of its answer. */
  readonly requestTimeoutMs: number;
  /** How long a connection is kept after an answer for the next request. */
  readonly keepAliveTimeoutMs: number;
  /** Answers of so many bytes are compressed for clients that ask for it. */
  readonly compressFromBytes: number;
  /** Streams are compressed, too, event by event; never where nothing is. */
  readonly compressStreams: boolean;
  /** Operations in a batch, where batches are taken. */
  readonly maxBatch: number;
  /** GraphQL operations that the explorer opens with. */
  readonly explorerExamples: string | undefined;
}

/** Pages that are being worked on, at whatever port their tool has taken. */
export const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/** Their variables; `gateway/settings.ts` reads them and explains them. */
export const HTTP_VARIABLES = {
  REQUEST_TIMEOUT_MS: milliseconds(30_000, 1),
  KEEP_ALIVE_TIMEOUT_MS: milliseconds(0, 0),
  COMPRESS_FROM_BYTES: integer(1_024, 0),
  COMPRESS_STREAMS: onOff.default(true),
  MAX_BATCH: integer(10, 1),
  EXPLORER_EXAMPLES: z.string().default(''),
  CORS_ORIGINS: list
    .default([])
    .refine(
      (origins) => origins.every((origin) => origin === '*' || originOf(origin) !== undefined),
      'must list origins, such as https://shop.example.com',
    )
    .transform((origins) => origins.map((origin) => originOf(origin) ?? origin)),
  TRUSTED_PROXIES: list
    .default([])
    .refine(
      (proxies) => proxies.every(isAddressOrNetwork),
      'must list IP addresses or networks, such as 10.0.0.0/8',
    ),
};

/** As browsers write it: without a slash, a default port or capitals. Undefined where there is a path, or no origin. */
function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname, search, hash } = new URL(text);
  return origin !== 'null' && pathname + search + hash === '/' ? origin : undefined;
}

type Read<T extends Record<string, z.ZodType>> = { readonly [name in keyof T]: z.output<T[name]> };

export function httpConfig(env: Read<typeof HTTP_VARIABLES>): HttpConfig {
  return {
    trustedProxies: env.TRUSTED_PROXIES,
    requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
    keepAliveTimeoutMs: env.KEEP_ALIVE_TIMEOUT_MS || env.REQUEST_TIMEOUT_MS,
    compressFromBytes: env.COMPRESS_FROM_BYTES || Number.POSITIVE_INFINITY,
    compressStreams: env.COMPRESS_STREAMS && env.COMPRESS_FROM_BYTES > 0,
    maxBatch: env.MAX_BATCH,
    explorerExamples: env.EXPLORER_EXAMPLES || undefined,
  };
}
