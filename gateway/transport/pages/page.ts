import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** A page with the rules by which a browser takes what it loads and does. */
export interface Page {
  readonly html: string;
  /** `Content-Security-Policy`. */
  readonly policy: string;
}

/** How a policy names a script that stands in the page, which is then the only one of its kind. */
export function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

/** No site may show it in a frame, where a user would click what they do not see. */
export function policyOf(directives: readonly string[]): string {
  return [
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    ...directives,
  ].join('; ');
}

export function sendPage(reply: FastifyReply, { html, policy }: Page): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    })
    .send(html);
}
