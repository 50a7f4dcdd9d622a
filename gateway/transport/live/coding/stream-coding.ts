import zlib from 'node:zlib';

/*
 * Compressed streams without a compressor for each. Every piece of a stream is deflated by itself, up to a full flush
 * (RFC 1951; it ends at a byte and nothing behind it points before it), so that the same deflated event fits into
 * everybody's stream, is there to be read at once, and what a stream keeps is a checksum and a length.
 */

/** Codings of streams: what begins and ends one around its deflated pieces (RFC 1952 and RFC 1950). */
export type StreamCoding = 'gzip' | 'deflate';

/** One stream's way into its coding. */
export interface StreamEncoder {
  readonly opening: Buffer;
  /** Counts a piece that is sent, as it was before {@link deflated}. */
  add(plain: Buffer): void;
  /** The last bytes. */
  ending(): Buffer;
}

/** Pieces are small mostly: a large window would take longer to set up than to fill. */
const OPTIONS: zlib.ZlibOptions = {
  level: 4,
  windowBits: 12,
  memLevel: 5,
  finishFlush: zlib.constants.Z_FULL_FLUSH,
};
/** An empty block, the last of its stream. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);
const GZIP_OPENING = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
const ZLIB_OPENING = Buffer.from([0x78, 0x9c]);
const ADLER_BASE = 65_521;
/** So many sums of bytes stay exact in 32 bits (RFC 1950, 9). */
const ADLER_RUN = 5_552;

/** A piece as it stands in a stream of either coding. */
export function deflated(plain: Buffer): Buffer {
  return zlib.deflateRawSync(plain, OPTIONS);
}

export function createStreamEncoder(coding: StreamCoding): StreamEncoder {
  return coding === 'gzip' ? gzipEncoder() : zlibEncoder();
}

function gzipEncoder(): StreamEncoder {
  let checksum = 0;
  let length = 0;
  return {
    opening: GZIP_OPENING,
    add(plain) {
      checksum = zlib.crc32(plain, checksum);
      length = (length + plain.length) % 2 ** 32;
    },
    ending() {
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(checksum, 0);
      trailer.writeUInt32LE(length, 4);
      return Buffer.concat([LAST_BLOCK, trailer]);
    },
  };
}

/** HTTP calls it `deflate` (RFC 9110, 8.4.1.2). */
function zlibEncoder(): StreamEncoder {
  let a = 1;
  let b = 0;
  return {
    opening: ZLIB_OPENING,
    add(plain) {
      for (let from = 0; from < plain.length; from += ADLER_RUN) {
        for (const byte of plain.subarray(from, from + ADLER_RUN)) b += a += byte;
        a %= ADLER_BASE;
        b %= ADLER_BASE;
      }
    },
    ending() {
      const trailer = Buffer.alloc(4);
      trailer.writeUInt16BE(b, 0);
      trailer.writeUInt16BE(a, 2);
      return Buffer.concat([LAST_BLOCK, trailer]);
    },
  };
}
