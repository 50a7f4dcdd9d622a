import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { malformed, RequestRefusal } from './refusal.ts';

/** Texts of operations by their hashes, as clients register them ("automatic persisted queries"). */
export interface PersistedQueries {
  /**
   * The text that a client means by `extensions.persistedQuery`: what it sends, which is kept, or what was kept before.
   * @throws {RequestRefusal} also where nothing is kept: the client sends the text then
   */
  resolve(query: string | null | undefined, persistedQuery: unknown): string;
}

/** In characters, all texts together. Anybody may register: the oldest go. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
const VERSION = 1;
const SHA256 = /^[0-9a-f]{64}$/i;

export function createPersistedQueries(): PersistedQueries {
  const texts = new LRUCache<string, string>({
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (text, hash) => text.length + hash.length,
  });
  return {
    resolve(query, persistedQuery) {
      const hash = hashIn(persistedQuery);
      if (query == null || query === '') {
        const text = texts.get(hash);
        // The status that clients have always had for it: it is no fault of theirs.
        if (text === undefined)
          throw new RequestRefusal(200, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', {
            'cache-control': 'private, no-cache, must-revalidate',
          });
        return text;
      }
      if (createHash('sha256').update(query).digest('hex') !== hash)
        throw malformed('"extensions.persistedQuery.sha256Hash" is not the hash of "query".');
      texts.set(hash, query);
      return query;
    },
  };
}

function hashIn(persistedQuery: unknown): string {
  if (typeof persistedQuery !== 'object' || persistedQuery === null)
    throw malformed('"extensions.persistedQuery" must be an object.');
  const version = 'version' in persistedQuery ? persistedQuery.version : undefined;
  const hash = 'sha256Hash' in persistedQuery ? persistedQuery.sha256Hash : undefined;
  if (version !== VERSION) throw malformed('"extensions.persistedQuery.version" must be 1.');
  if (typeof hash !== 'string' || !SHA256.test(hash))
    throw malformed('"extensions.persistedQuery.sha256Hash" must be a SHA-256 in hexadecimal.');
  return hash.toLowerCase();
}
