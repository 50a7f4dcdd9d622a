import { request } from 'node:http';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';

const MAX_BODY_BYTES = 20_000;
const LARGE = '{ __schema { types { name description fields { name type { name kind } } } } }';
const SMALL = '{ warehouse }';

let stubs: StubSubgraphs;
let running: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  running = await startGateway(stubs.supergraphSdl, {
    MAX_BODY_BYTES: String(MAX_BODY_BYTES),
    SHARE_REQUESTS: 'on',
  });
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** As it comes: `fetch` would undo what these tests are about. */
function send(body: string | Buffer, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      running.url,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const INFLATE: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};

describe('an answer', () => {
  test.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['deflate', 'deflate'],
    ['zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['gzip;q=0, *', 'zstd'],
    ['*', 'zstd'],
    ['GZIP', 'gzip'],
  ])('for "accept-encoding: %s" is %s', async (accept, coding) => {
    const plain = await send(JSON.stringify({ query: LARGE }));
    const { headers, body } = await send(JSON.stringify({ query: LARGE }), { 'accept-encoding': accept });
    expect(headers['content-encoding']).toBe(coding);
    expect(headers['vary']).toMatch(/accept-encoding/i);
    expect(Number(headers['content-length'])).toBe(body.length);
    expect(INFLATE[coding]?.(body).toString()).toBe(plain.body.toString());
    expect(body.length).toBeLessThan(plain.body.length / 2);
  });

  test.each([
    ['nobody asked', LARGE, {}],
    ['it is small', SMALL, { 'accept-encoding': 'gzip' }],
    ['the client takes none of ours', LARGE, { 'accept-encoding': 'compress, x-lzma' }],
    ['the client refuses', LARGE, { 'accept-encoding': 'gzip;q=0' }],
    ['the client likes it better so', LARGE, { 'accept-encoding': 'identity, gzip;q=0.5' }],
    ['the header cannot be read', LARGE, { 'accept-encoding': ';;;,"gzip' }],
  ])('is as it is when %s', async (_what, query, headers) => {
    const answer = await send(JSON.stringify({ query }), headers);
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(answer.body.toString())).toHaveProperty('data');
  });

  test('that many share comes to each in the coding that they asked for', async () => {
    const answers = await Promise.all(
      ['gzip', 'br', 'gzip', ''].map((accept) =>
        send(JSON.stringify({ query: LARGE }), { 'accept-encoding': accept }),
      ),
    );
    expect(answers.map(({ headers }) => headers['content-encoding'])).toEqual([
      'gzip',
      'br',
      'gzip',
      undefined,
    ]);
  });

  test('that is a stream is one in gzip or deflate, whole when it ends', async () => {
    for (const [accept, coding] of [
      ['gzip', 'gzip'],
      ['gzip, deflate, br, zstd', 'gzip'],
      ['deflate', 'deflate'],
      ['*', 'gzip'],
      ['deflate, gzip;q=0.5', 'deflate'],
      ['br, zstd', undefined],
      ['gzip;q=0', undefined],
    ] as const) {
      const { headers, body } = await send(JSON.stringify({ query: LARGE }), {
        accept: 'text/event-stream',
        'accept-encoding': accept,
      });
      expect(headers['content-encoding']).toBe(coding);
      if (coding !== undefined) expect(headers['vary']).toMatch(/accept-encoding/i);
      const text = (coding === undefined ? body : INFLATE[coding]?.(body))?.toString();
      expect(text).toMatch(/^:\n\nevent: next\ndata: \{"data":.*\}\n\nevent: complete\ndata: \n\n$/);
      if (coding !== undefined) expect(body.length).toBeLessThan((text?.length ?? 0) / 2);
    }
  });
});

describe('a compressed body', () => {
  const BODY = Buffer.from(JSON.stringify({ query: SMALL }));
  test.each([
    ['gzip', zlib.gzipSync(BODY)],
    ['x-gzip', zlib.gzipSync(BODY)],
    ['GZIP', zlib.gzipSync(BODY)],
    ['deflate', zlib.deflateSync(BODY)],
    ['deflate', zlib.deflateRawSync(BODY)],
    ['br', zlib.brotliCompressSync(BODY)],
    ['zstd', zlib.zstdCompressSync(BODY)],
    ['identity', BODY],
    ['Identity', BODY],
    ['', BODY],
  ])('in %s is understood', async (coding, body) => {
    const answer = await send(body, { 'content-encoding': coding });
    expect(answer.body.toString()).toBe('{"data":{"warehouse":"north"}}');
  });

  test.each(['compress', 'gzip, gzip', 'base64', '*', 'identity, gzip'])(
    'in %s is answered with 415',
    async (coding) => {
      const { status, headers, body } = await send(BODY, { 'content-encoding': coding });
      expect(status).toBe(415);
      expect(headers['accept-encoding']).toBe('zstd, br, gzip, deflate');
      expect(body.toString()).toContain('UNSUPPORTED_MEDIA_TYPE');
    },
  );

  test.each([
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
    ['zstd', zlib.zstdCompressSync],
    ['deflate', zlib.deflateSync],
  ])('in %s may be no larger than another once it is inflated', async (coding, compress) => {
    const bomb = compress(
      Buffer.from(JSON.stringify({ query: SMALL, variables: { x: 'y'.repeat(5_000_000) } })),
    );
    expect(bomb.length).toBeLessThan(MAX_BODY_BYTES);
    const { status, body } = await send(bomb, { 'content-encoding': coding });
    expect(status).toBe(413);
    expect(body.toString()).toContain('PAYLOAD_TOO_LARGE');
  });

  test.each([
    ['cut off', 'gzip', zlib.gzipSync(BODY).subarray(0, -12)],
    ['something else', 'br', BODY],
    ['empty', 'gzip', Buffer.alloc(0)],
    ['no UTF-8', 'gzip', zlib.gzipSync(Buffer.from([0x22, 0xff, 0x22]))],
  ])('that is %s is the client’s fault', async (_what, coding, body) => {
    const answer = await send(body, { 'content-encoding': coding });
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain('BAD_REQUEST');
  });
});
