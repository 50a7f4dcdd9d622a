import { sql } from 'drizzle-orm';
import type { Transaction as Books } from '#platform/postgres/database.ts';
import type { AuthoriseCall, MoveCall, ProviderCall, ProviderOutcome } from './provider.ts';
import type { CardBehaviour } from './simulator-tokens.ts';

export type Operation =
  | ({ readonly kind: 'AUTHORISE' } & AuthoriseCall)
  | ({ readonly kind: 'CAPTURE' } & MoveCall)
  | ({ readonly kind: 'VOID' } & ProviderCall)
  | ({ readonly kind: 'REFUND' } & MoveCall);

type Succeeded = Extract<ProviderOutcome, { kind: 'succeeded' }>;

const succeeded: Succeeded = { kind: 'succeeded' };

/** The card behind a charge; empty for a charge that the simulator has not seen. */
export async function tokenOf(tx: Books, authorisationKey: string): Promise<string> {
  const { rows } = await tx.execute<{ token: string | null }>(
    sql`select token from simulator.charges where authorisation_key = ${authorisationKey}`,
  );
  return rows[0]?.token ?? '';
}

/** Moves the customer's money, or declines to. */
export async function applyOperation(
  tx: Books,
  operation: Operation,
  card: CardBehaviour & { readonly holdMs: number },
): Promise<ProviderOutcome> {
  if (card.declines?.operation === operation.kind) {
    const { code, message } = card.declines;
    if (operation.kind === 'AUTHORISE') await openCharge(tx, operation, 'DECLINED', null);
    return { kind: 'declined', code, message };
  }
  switch (operation.kind) {
    case 'AUTHORISE': {
      const holdEndsAt = new Date(Date.now() + card.holdMs).toISOString();
      if (!(await openCharge(tx, operation, 'HELD', holdEndsAt)))
        return declined('This charge was voided before it was authorised.');
      return { ...(await move(tx, operation, 'HOLD', operation.amount.minor)), holdEndsAt };
    }
    case 'CAPTURE': {
      const minor = operation.amount.minor.toString();
      const captured = await tx.execute(sql`
        update simulator.charges set status = 'CAPTURED', captured_minor = ${minor}
        where authorisation_key = ${operation.authorisationKey} and status = 'HELD' and held_minor >= ${minor} and coalesce(hold_ends_at > clock_timestamp(), true) and currency_code = ${operation.amount.currencyCode}`);
      return captured.rowCount === 0
        ? declined('Nothing of this amount is held.')
        : move(tx, operation, 'CAPTURE', operation.amount.minor);
    }
    case 'VOID':
      return release(tx, operation);
    case 'REFUND': {
      const minor = operation.amount.minor.toString();
      const refunded = await tx.execute(sql`
        update simulator.charges set refunded_minor = refunded_minor + ${minor}
        where authorisation_key = ${operation.authorisationKey} and status = 'CAPTURED' and refunded_minor + ${minor} <= captured_minor and currency_code = ${operation.amount.currencyCode}`);
      return refunded.rowCount === 0
        ? declined('That much has not been taken.')
        : move(tx, operation, 'REFUND', operation.amount.minor);
    }
  }
}

/** False where the charge is known already, which only a void can have made so. */
async function openCharge(
  tx: Books,
  { authorisationKey, reference, paymentMethod, amount }: AuthoriseCall,
  status: 'HELD' | 'DECLINED',
  holdEndsAt: string | null,
): Promise<boolean> {
  const heldMinor = status === 'HELD' ? amount.minor : 0n;
  const opened = await tx.execute(sql`
    insert into simulator.charges (authorisation_key, reference, token, currency_code, status, held_minor, hold_ends_at)
    values (${authorisationKey}, ${reference}, ${paymentMethod}, ${amount.currencyCode}, ${status}, ${heldMinor.toString()}, ${holdEndsAt}::timestamptz)
    on conflict (authorisation_key) do nothing`);
  return opened.rowCount !== 0;
}

async function release(tx: Books, operation: ProviderCall): Promise<ProviderOutcome> {
  const { authorisationKey } = operation;
  // Should the authorisation come later, or be decided later, it finds the charge released.
  await tx.execute(
    sql`insert into simulator.charges (authorisation_key, status) values (${authorisationKey}, 'RELEASED') on conflict (authorisation_key) do nothing`,
  );
  const { rows } = await tx.execute<{ status: string; held_minor: string }>(
    sql`select status, held_minor from simulator.charges where authorisation_key = ${authorisationKey} for update`,
  );
  const [charge] = rows;
  if (charge?.status === 'CAPTURED') return declined('This charge has been captured.');
  if (charge?.status !== 'HELD') return succeeded;
  await tx.execute(
    sql`update simulator.charges set status = 'RELEASED' where authorisation_key = ${authorisationKey}`,
  );
  return move(tx, operation, 'RELEASE', BigInt(charge.held_minor));
}

async function move(
  tx: Books,
  { authorisationKey }: ProviderCall,
  kind: 'HOLD' | 'CAPTURE' | 'RELEASE' | 'REFUND',
  minor: bigint,
): Promise<Succeeded> {
  await tx.execute(
    sql`insert into simulator.movements (authorisation_key, kind, amount_minor) values (${authorisationKey}, ${kind}, ${minor.toString()})`,
  );
  return succeeded;
}

function declined(message: string): ProviderOutcome {
  return { kind: 'declined', code: 'DECLINED', message };
}
