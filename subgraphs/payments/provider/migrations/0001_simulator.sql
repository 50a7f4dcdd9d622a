-- What the simulated provider remembers. Nothing of ours reads it but tests, which compare its books with ours.
create schema simulator;

create table simulator.requests (
  idempotency_key text primary key,
  -- The call itself: the same key with another call is refused.
  fingerprint jsonb not null,
  calls integer not null default 0,
  received_at timestamptz not null default now(),
  -- Null until decided; from then on what every call with this key is answered.
  outcome jsonb
);

create table simulator.charges (
  authorisation_key text primary key,
  -- Null where a void came before its authorisation.
  reference text,
  token text,
  currency_code text,
  status text not null check (status in ('HELD', 'CAPTURED', 'RELEASED', 'DECLINED')),
  held_minor bigint not null default 0,
  captured_minor bigint not null default 0,
  refunded_minor bigint not null default 0
);

-- Every movement of a customer's money.
create table simulator.movements (
  position bigint generated always as identity primary key,
  authorisation_key text not null,
  kind text not null check (kind in ('HOLD', 'CAPTURE', 'RELEASE', 'REFUND')),
  amount_minor bigint not null,
  at timestamptz not null default now()
);
