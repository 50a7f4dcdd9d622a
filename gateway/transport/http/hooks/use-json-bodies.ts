import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { readWeighted } from '#gateway/transport/http/accept.ts';
import { malformed, RequestRefusal } from '#gateway/transport/refusal.ts';
import { codingOf, inflate, UNDERSTOOD_CODINGS } from '#gateway/transport/http/compression.ts';

/** What nearly everybody sends, and so is not looked at any closer. */
const USUAL_TYPES = new Set(['application/json', 'application/json; charset=utf-8']);
const JSON_TYPE = 'application/json';
/** Nothing done, which some say by an empty header. */
const IDENTITY = /^\s*(?:identity)?\s*$/i;
const UTF8 = /^utf-?8$/i;
const BYTE_ORDER_MARK = 0xfeff;
const REMEMBERED = 100;

const charsets = new LRUCache<string, { readonly isUtf8: boolean }>({ max: REMEMBERED });

/**
 * Takes bodies of `application/json` in UTF-8, compressed or not, of at most `maxBytes` either way, and leaves them as
 * text: the JSON is read once it is known that it has to be. Any other type is refused with 415, which is also why no form
 * of another site's page can send anything: a form has none of these types.
 */
export function useJsonBodies(app: FastifyInstance, maxBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer', bodyLimit: maxBytes }, (request, body, done) => {
    const refusal = charsetRefusal(request);
    if (refusal !== undefined) return done(refusal);
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && !IDENTITY.test(encoding))
      return inflatedText(body as Buffer, encoding, maxBytes);
    const text = textOf(body as Buffer);
    if (text instanceof RequestRefusal) done(text);
    else done(null, text);
  });
}

async function inflatedText(body: Buffer, encoding: string, maxBytes: number): Promise<string> {
  const coding = codingOf(encoding);
  if (coding === undefined) throw unknownCoding(encoding);
  const inflated = await inflate(body, coding, maxBytes);
  if (inflated === undefined) throw tooLarge(maxBytes);
  const text = textOf(inflated);
  if (text instanceof RequestRefusal) throw text;
  return text;
}

function textOf(bytes: Buffer): string | RequestRefusal {
  if (!isUtf8(bytes)) return malformed('The body is not UTF-8.');
  const text = bytes.toString();
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

function charsetRefusal({ headers }: FastifyRequest): RequestRefusal | undefined {
  const type = headers['content-type'] ?? '';
  if (USUAL_TYPES.has(type)) return undefined;
  let charset = charsets.get(type);
  if (charset === undefined) {
    const named = readWeighted(type)[0]?.parameters.get('charset');
    charsets.set(type, (charset = { isUtf8: named === undefined || UTF8.test(named) }));
  }
  return charset.isUtf8
    ? undefined
    : new RequestRefusal(415, 'UNSUPPORTED_MEDIA_TYPE', 'A body is JSON in UTF-8, and in no other charset.');
}

function unknownCoding(encoding: string): RequestRefusal {
  return new RequestRefusal(
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    `The body may be in one of ${UNDERSTOOD_CODINGS}, but not in ${encoding.slice(0, 50)}.`,
    { 'accept-encoding': UNDERSTOOD_CODINGS },
  );
}

function tooLarge(maxBytes: number): RequestRefusal {
  return new RequestRefusal(413, 'PAYLOAD_TOO_LARGE', `The body has more than ${maxBytes} bytes.`);
}
