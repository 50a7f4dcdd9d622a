-- One payment an order. What is AUTHORISED is held, what is CAPTURED is charged.
create table payments (
  id uuid primary key,
  order_id uuid not null unique,
  customer_id uuid not null,
  amount_minor bigint not null check (amount_minor >= 0),
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  -- A token of the payment provider, never a card number.
  payment_method text not null,
  status text not null check (status in ('PENDING', 'AUTHORISED', 'DECLINED', 'CAPTURED', 'VOIDED')),
  decline_code text check (decline_code in ('DECLINED', 'INSUFFICIENT_FUNDS', 'UNAVAILABLE')),
  decline_message text,
  captured_minor bigint not null default 0,
  -- Promised to refunds that the provider has not answered yet.
  refunding_minor bigint not null default 0,
  refunded_minor bigint not null default 0,
  created_at timestamptz not null default now(),
  constraint captured_within_amount check (captured_minor between 0 and amount_minor),
  constraint refunded_within_captured check (refunding_minor >= 0 and refunded_minor >= 0 and refunding_minor + refunded_minor <= captured_minor),
  constraint captured_means_charged check (status = 'CAPTURED' or captured_minor = 0),
  constraint declined_says_why check ((status = 'DECLINED') = (decline_code is not null))
);

-- Orders that let go of their payment before they asked for it: whatever they ask for later is not authorised.
create table voided_orders (
  order_id uuid primary key,
  voided_at timestamptz not null default now()
);

create table refunds (
  id uuid primary key,
  payment_id uuid not null references payments (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency_code text not null,
  status text not null default 'PENDING' check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
  reason text,
  -- The member of staff.
  requested_by uuid not null,
  created_at timestamptz not null default now()
);
create index refunds_by_payment on refunds (payment_id, id);

-- What is to be asked of the provider. Rows of one payment are worked off in the order of their positions.
create table payment_operations (
  id uuid primary key,
  position bigint generated always as identity,
  payment_id uuid not null references payments (id),
  kind text not null check (kind in ('AUTHORISE', 'CAPTURE', 'VOID', 'REFUND')),
  amount_minor bigint not null,
  refund_id uuid references refunds (id),
  -- Goes with every attempt: by it the provider knows a call it has had before.
  idempotency_key text not null unique,
  state text not null default 'OPEN' check (state in ('OPEN', 'SUCCEEDED', 'FAILED')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- Set with the first attempt of an AUTHORISE: after it, no answer counts as a refusal.
  deadline_at timestamptz,
  -- The worker that is at it, until when unless it says so again.
  leased_by uuid,
  leased_until timestamptz,
  check ((kind = 'REFUND') = (refund_id is not null))
);
create index payment_operations_due on payment_operations (next_attempt_at) where state = 'OPEN';
create index payment_operations_in_order on payment_operations (payment_id, position) where state = 'OPEN';

-- The ledger: each operation stands here as PENDING, and once more as what became of it. Only ever appended to.
create table payment_transactions (
  position bigint generated always as identity primary key,
  payment_id uuid not null references payments (id),
  operation_id uuid not null references payment_operations (id),
  kind text not null check (kind in ('AUTHORISATION', 'CAPTURE', 'VOID', 'REFUND')),
  amount_minor bigint not null,
  currency_code text not null,
  status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
  -- Why it failed; null otherwise.
  detail text,
  at timestamptz not null default clock_timestamp()
);
create index payment_transactions_by_payment on payment_transactions (payment_id, position);
create unique index payment_transactions_begun_once on payment_transactions (operation_id) where status = 'PENDING';
create unique index payment_transactions_ended_once on payment_transactions (operation_id) where status <> 'PENDING';

create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'payment_transactions is only ever appended to';
end $$;
create trigger payment_transactions_append_only before update or delete or truncate on payment_transactions
  for each statement execute function refuse_ledger_change();

create table idempotency_keys (
  actor_id uuid not null,
  key text not null,
  request_hash text not null,
  refund_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (actor_id, key)
);
