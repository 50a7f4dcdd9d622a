import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { openDatabase } from '#platform/postgres/database.ts';
import { type MigrationSet, migrate } from '#platform/postgres/migrate.ts';
import type { AuthoriseCall, MoveCall, PaymentProvider, ProviderCall, ProviderOutcome } from './provider.ts';
import { applyOperation, type Operation, tokenOf } from './simulator-books.ts';
import { behaviourOf } from './simulator-tokens.ts';

export interface SimulatorOptions {
  /** Where it keeps its books: a schema `simulator`, which it makes itself, apart from anything of ours. */
  readonly url: string;
  /** How long `tok_slow` takes. */
  readonly slowMs?: number;
  /** How long it holds an amount. */
  readonly holdMs?: number;
}

const MIGRATIONS: MigrationSet = { name: 'simulator', folder: new URL('./migrations/', import.meta.url) };
const SLOW_MS = 2_000;
/** A week, as card networks do. */
export const HOLD_MS = 7 * 24 * 3_600_000;
const CONNECTIONS = 5;

/**
 * A provider to develop and test with. It behaves as an external system does: it has connections and commits of its own,
 * it remembers every key and charge for good, and what it has decided stands whether or not its answer is heard. How it
 * treats a card is told by the token: see simulator-tokens.ts.
 */
export async function createSimulator({
  url,
  slowMs = SLOW_MS,
  holdMs = HOLD_MS,
}: SimulatorOptions): Promise<PaymentProvider & AsyncDisposable> {
  await migrate(url, [MIGRATIONS]);
  const database = openDatabase({ url, applicationName: 'payment simulator', poolSize: CONNECTIONS });

  /** Decides a call, in one transaction; or says for how long it has to wait first. */
  async function serve(
    operation: Operation,
    again: boolean,
  ): Promise<ProviderOutcome | { readonly waitMs: number }> {
    const print = JSON.stringify(fingerprint(operation));
    return database.db.transaction(async (tx) => {
      const {
        rows: [request],
      } = await tx.execute<{
        calls: number;
        same: boolean;
        ageMs: number;
        outcome: ProviderOutcome | null;
      }>(sql`
        insert into simulator.requests as r (idempotency_key, fingerprint, calls) values (${operation.idempotencyKey}, ${print}::jsonb, 1)
        on conflict (idempotency_key) do update set calls = r.calls + ${again ? 0 : 1}
        returning calls, outcome, fingerprint = ${print}::jsonb as same,
          (extract(epoch from clock_timestamp() - received_at) * 1000)::float8 as "ageMs"`);
      if (request === undefined) throw new Error('An upsert returned no row.');
      if (!request.same)
        return {
          kind: 'declined',
          code: 'DECLINED',
          message: 'This idempotency key belongs to another call.',
        } as const;
      if (request.outcome !== null) return request.outcome;

      const card = behaviourOf(
        operation.kind === 'AUTHORISE'
          ? operation.paymentMethod
          : await tokenOf(tx, operation.authorisationKey),
      );
      if (card.losesFirstCall && request.calls === 1) return unavailable;
      if (card.slow && operation.kind === 'AUTHORISE' && request.ageMs < slowMs)
        return { waitMs: Math.ceil(slowMs - request.ageMs) };
      const outcome = await applyOperation(tx, operation, { holdMs, ...card });
      await tx.execute(
        sql`update simulator.requests set outcome = ${JSON.stringify(outcome)}::jsonb where idempotency_key = ${operation.idempotencyKey}`,
      );
      return outcome;
    });
  }

  async function answer(operation: Operation, signal: AbortSignal): Promise<ProviderOutcome> {
    let decided = await serve(operation, false);
    while ('waitMs' in decided) {
      await delay(decided.waitMs, undefined, { signal });
      decided = await serve(operation, true);
    }
    return decided;
  }

  return {
    async authorise(call: AuthoriseCall, signal) {
      const card = behaviourOf(call.paymentMethod);
      if (card.unreachable) return unavailable;
      const outcome = await answer({ kind: 'AUTHORISE', ...call }, signal);
      return card.losesAnswers ? unavailable : outcome;
    },
    capture: (call: MoveCall, signal) => answer({ kind: 'CAPTURE', ...call }, signal),
    void: (call: ProviderCall, signal) => answer({ kind: 'VOID', ...call }, signal),
    refund: (call: MoveCall, signal) => answer({ kind: 'REFUND', ...call }, signal),
    async [Symbol.asyncDispose]() {
      await database.close(1_000);
    },
  };
}

const unavailable: ProviderOutcome = { kind: 'unavailable', message: 'The provider does not answer.' };

function fingerprint(operation: Operation): Record<string, string> {
  const { idempotencyKey: _, ...call } = operation;
  const entries = Object.entries(call).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : `${value.minor} ${value.currencyCode}`,
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
