import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const TAG_BYTES = 16;
/** Each key seals one thing only, so its nonce need not differ. */
const NONCE = Buffer.alloc(12);

/** 256 random bits as base64url. */
export function newRefreshToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** The name a token is kept under: its SHA-256. 256 random bits need no salt and no slow hash. */
export function hashOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * Seals a token so that only who shows its predecessor opens it. It lets a repeated request be answered alike although
 * no token is kept in the clear. AES-256-GCM (NIST SP 800-38D), key derived by HKDF-SHA256 (RFC 5869).
 */
export function sealForPredecessor(token: string, predecessor: string): Buffer {
  const cipher = createCipheriv(CIPHER, sealingKey(predecessor), NONCE, { authTagLength: TAG_BYTES });
  return Buffer.concat([cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Throws where `predecessor` is not the token it was sealed for. */
export function unseal(sealed: Buffer, predecessor: string): string {
  const decipher = createDecipheriv(CIPHER, sealingKey(predecessor), NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
}

function sealingKey(predecessor: string): Buffer {
  return Buffer.from(hkdfSync('sha256', predecessor, '', 'ordergraph refresh token successor', 32));
}
