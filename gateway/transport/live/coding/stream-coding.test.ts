import zlib from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStreamEncoder, deflated, type StreamCoding } from './stream-coding.ts';

const INFLATE = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync };

function encoded(coding: StreamCoding, pieces: readonly Buffer[]): Buffer {
  const encoder = createStreamEncoder(coding);
  for (const piece of pieces) encoder.add(piece);
  return Buffer.concat([encoder.opening, ...pieces.map(deflated), encoder.ending()]);
}

test.each(['gzip', 'deflate'] as const)('pieces one after the other are one whole stream of %s', (coding) => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
    fc.nat(20_000).map((length) => Buffer.alloc(length, 0xff)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const plain = pieces.map((bytes) => Buffer.from(bytes));
      expect(INFLATE[coding](encoded(coding, plain)).equals(Buffer.concat(plain))).toBe(true);
    }),
  );
});

test('a stream whose bytes are cut or changed is none', () => {
  const whole = encoded('gzip', [Buffer.from('event: next\n\n'), Buffer.from('event: complete\n\n')]);
  expect(() => zlib.gunzipSync(whole.subarray(0, -1))).toThrow();
  expect(() => zlib.gunzipSync(Buffer.concat([whole.subarray(0, -5), Buffer.alloc(5)]))).toThrow();
});
