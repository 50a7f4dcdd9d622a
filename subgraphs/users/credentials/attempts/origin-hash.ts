import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';

/** A keyed hash, so that a copy of the database does not tell who was where. 32 bytes. */
export type HashOrigin = (text: string) => Buffer;

/** By a key of its own that follows from the signing key: another signing key forgets all origins. */
export function createOriginHash(privateKey: KeyObject): HashOrigin {
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' });
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'ordergraph known origins', 32));
  return (text) => createHmac('sha256', key).update(text).digest();
}
