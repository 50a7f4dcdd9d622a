import type { FastifyReply } from 'fastify';

/** Adds to `Vary`: CORS has said that the answer varies by origin. */
export function addVary(reply: FastifyReply, names: string): void {
  const given = reply.getHeader('vary');
  void reply.header('vary', given === undefined ? names : `${String(given)}, ${names}`);
}
