import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { readWeighted } from './accept.ts';
import type { StreamCoding } from '#gateway/transport/live/coding/stream-coding.ts';
import { malformed } from '#gateway/transport/refusal.ts';

/** Codings of bodies (RFC 9110, 8.4.1), in the order of preference where a client has none. */
export type Coding = 'zstd' | 'br' | 'gzip' | 'deflate';

type Compress = (body: string | Buffer) => Promise<Buffer>;
type Inflate = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

/** For answers made for one client, and sent once: what a better ratio would take in time it would not give back. */
const BROTLI_QUALITY = 4;
const GZIP_LEVEL = 4;

const brotli = promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);
const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip);
const deflate = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.deflate);

const COMPRESS: Readonly<Record<Coding, Compress | undefined>> = {
  // Older versions of Node have none.
  zstd: 'zstdCompress' in zlib ? promisify<zlib.InputType, Buffer>(zlib.zstdCompress) : undefined,
  br: (body) =>
    brotli(body, {
      params: {
        [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [zlib.constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    }),
  gzip: (body) => gzip(body, { level: GZIP_LEVEL }),
  deflate: (body) => deflate(body, { level: GZIP_LEVEL }),
};

const INFLATE: Readonly<Record<Coding, Inflate | undefined>> = {
  zstd:
    'zstdDecompress' in zlib
      ? promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.zstdDecompress)
      : undefined,
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.brotliDecompress),
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.gunzip),
  // With or without the header that the standard asks for: there are clients of either kind.
  deflate: (body, options) =>
    ((body[0] ?? 0) & ZLIB_METHOD_MASK) === ZLIB_METHOD
      ? inflateZlib(body, options)
      : inflateRaw(body, options),
};
const inflateZlib = promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.inflate);
const inflateRaw = promisify<Buffer, { maxOutputLength: number }, Buffer>(zlib.inflateRaw);
const ZLIB_METHOD_MASK = 0x0f;
const ZLIB_METHOD = 8;

const CODINGS = (['zstd', 'br', 'gzip', 'deflate'] as const).filter((coding) => COMPRESS[coding]);
/** For `Accept-Encoding` in an answer that refuses a body for its coding. */
export const UNDERSTOOD_CODINGS = CODINGS.join(', ');

const REMEMBERED = 100;
const LONGEST_REMEMBERED = 200;
const remembered = new LRUCache<string, { readonly coding: Coding | undefined }>({ max: REMEMBERED });
const STREAM_CODINGS: readonly StreamCoding[] = ['gzip', 'deflate'];

/** The coding in which a client that sent `accept-encoding` gets its answer; undefined for none. */
export function chooseCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  let choice = remembered.get(acceptEncoding);
  if (choice === undefined) {
    choice = { coding: choose(acceptEncoding, CODINGS) };
    if (acceptEncoding.length <= LONGEST_REMEMBERED) remembered.set(acceptEncoding, choice);
  }
  return choice.coding;
}

/** The same for an answer that is a stream. */
export function chooseStreamCoding(acceptEncoding: string | undefined): StreamCoding | undefined {
  return acceptEncoding === undefined ? undefined : choose(acceptEncoding, STREAM_CODINGS);
}

function choose<Known extends Coding>(acceptEncoding: string, codings: readonly Known[]): Known | undefined {
  const items = readWeighted(acceptEncoding);
  const weightOf = (coding: string) =>
    (items.find(({ name }) => name === coding) ?? items.find(({ name }) => name === '*'))?.weight ?? 0;
  let best: Known | undefined;
  let most = items.find(({ name }) => name === 'identity')?.weight ?? 0;
  for (const coding of codings) {
    const weight = weightOf(coding);
    // Of equals the first: ours before another of ours, and each before none at all.
    if (weight > 0 && (best === undefined ? weight >= most : weight > most)) {
      best = coding;
      most = weight;
    }
  }
  return best;
}

export function compress(body: string | Buffer, coding: Coding): Promise<Buffer> {
  const run = COMPRESS[coding];
  if (run === undefined) throw new Error(`${coding} is none of ${UNDERSTOOD_CODINGS}`);
  return run(body);
}

/** The coding that a `Content-Encoding` names, if it is one that {@link inflate} undoes. */
export function codingOf(contentEncoding: string): Coding | undefined {
  const name = contentEncoding.trim().toLowerCase();
  return CODINGS.find((coding) => coding === name || `x-${coding}` === name);
}

/**
 * @returns undefined when there would be more than `maxBytes`
 * @throws {RequestRefusal} when the bytes are not what their coding says
 */
export async function inflate(body: Buffer, coding: Coding, maxBytes: number): Promise<Buffer | undefined> {
  try {
    return await INFLATE[coding]?.(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw malformed(`The body is no ${coding}.`);
  }
}
