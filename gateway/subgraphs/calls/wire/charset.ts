// JSON is UTF-8 (RFC 8259), and that is what nearly every answer is. Who says that it is something else is believed.

/** Types that were UTF-8, by far the most frequent ones. */
let latestUtf8 = '';

export function isUtf8(contentType: string): boolean {
  if (contentType === latestUtf8) return true;
  const charset = charsetOf(contentType);
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii')
    return false;
  latestUtf8 = contentType;
  return true;
}

/** The text in the character set that the type names; undefined when that is unknown. */
export function decodeCharset(bytes: Buffer, contentType: string): string | undefined {
  try {
    return new TextDecoder(charsetOf(contentType)).decode(bytes);
  } catch {
    return undefined;
  }
}

function charsetOf(contentType: string): string | undefined {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType) ?? [];
  return charset?.toLowerCase();
}
