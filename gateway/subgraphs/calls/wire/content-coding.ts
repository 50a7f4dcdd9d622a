import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';

type Done = (error: Error | null, decoded: Buffer) => void;
type Decode = (body: Buffer, options: { readonly maxOutputLength: number }, done: Done) => void;

/** `deflate` means zlib's format; some servers send it without its header (RFC 9110, 8.4.1.2). */
const deflate: Decode = (body, options, done) => {
  const ZLIB_METHOD = 8;
  const wrapped = ((body[0] ?? 0) & 0x0f) === ZLIB_METHOD;
  (wrapped ? inflate : inflateRaw)(body, options, done);
};

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', deflate],
  ['br', brotliDecompress],
  ['zstd', zstdDecompress],
]);
/** Nobody compresses what is compressed, and each is a chance to grow. */
const MOST_CODINGS = 2;

/** What subgraphs may compress their answers with. */
export const ACCEPTED_CODINGS = 'gzip, deflate, br, zstd';

/** The codings that `content-encoding` lists, in the order in which they were applied; undefined when one is not known. */
export function readCodings(header: string): readonly Decode[] | undefined {
  const names = header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  const decoders = names.flatMap((name) => DECODERS.get(name) ?? []);
  return decoders.length === names.length && names.length <= MOST_CODINGS ? decoders : undefined;
}

/**
 * Undoes the codings, away from the event loop. No step of it yields more than `maxBytes`: then `done` gets an error for
 * which {@link isTooLong} holds.
 */
export function decodeBody(codings: readonly Decode[], body: Buffer, maxBytes: number, done: Done): void {
  const decode = codings.at(-1);
  if (decode === undefined) return done(null, body);
  decode(body, { maxOutputLength: maxBytes }, (error, decoded) => {
    if (error !== null) done(error, body);
    else decodeBody(codings.slice(0, -1), decoded, maxBytes, done);
  });
}

export function isTooLong(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
