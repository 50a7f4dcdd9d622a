import { setTimeout as pause } from 'node:timers/promises';
import { OrderUpdatedDocument, type OrderUpdatedSubscription } from '#tests/documents/documents.generated.ts';
import { AnswerError, type ApiClient } from '#tests/support/api-client.ts';

/** How long a service may be away before its client gives up: a service that was killed is back within a few seconds. */
const PATIENCE_MS = 30_000;
const AGAIN_AFTER_MS = 250;

/**
 * Asks again while a service is away, as a client does that wants to be sure. Only for what is safe to ask twice: reads,
 * and mutations with an idempotency key.
 */
export async function insist<Answer>(ask: () => Promise<Answer>, patienceMs = PATIENCE_MS): Promise<Answer> {
  for (const deadline = Date.now() + patienceMs; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (!isTemporary(error) || Date.now() > deadline) throw error;
      await pause(AGAIN_AFTER_MS);
    }
  }
}

export interface SeenUpdate {
  readonly update: OrderUpdatedSubscription['orderUpdated'];
  /** The parts that are missing because their service is away. */
  readonly missing: readonly string[];
}

/** An order's updates from the first, taken up again behind the last one whenever the stream breaks. */
export async function* watchOrder(shop: ApiClient, id: string): AsyncGenerator<SeenUpdate, void> {
  let deadline = Date.now() + PATIENCE_MS;
  for (let after = 0; ; ) {
    try {
      for await (const { data, errors = [] } of shop.follow(OrderUpdatedDocument, { id, after })) {
        if (data?.orderUpdated == null) throw new AnswerError(errors);
        after = data.orderUpdated.version;
        deadline = Date.now() + PATIENCE_MS;
        yield { update: data.orderUpdated, missing: errors.map(({ path }) => path?.join('.') ?? 'a part') };
      }
      return;
    } catch (error) {
      if (!isTemporary(error) || Date.now() > deadline) throw error;
      await pause(AGAIN_AFTER_MS);
    }
  }
}

/** A connection that is lost or refused, a subgraph that is away: as opposed to an answer that is no. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof AnswerError)
    return error.codes.every((code) =>
      /^(SUBGRAPH_|OVERLOADED|SERVICE_UNAVAILABLE|SERVICE_TIMEOUT)/.test(code),
    );
  if (Array.isArray(error)) return isTemporary(new AnswerError(error)); // what a stream is refused with
  if (error instanceof TypeError || error instanceof SyntaxError) return true; // fetch failed; half an answer
  const { code, error: beneath } = (error ?? {}) as { code?: unknown; error?: unknown };
  if (beneath !== undefined) return isTemporary(beneath); // what a WebSocket reports when nobody listens
  return code === 'ECONNREFUSED' || code === 'ECONNRESET' || (typeof code === 'number' && code < 4400); // socket closed
}
