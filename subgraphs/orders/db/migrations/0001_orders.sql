create table orders (
  id uuid primary key,
  number bigint generated always as identity (start with 1000001) unique,
  customer_id uuid not null,
  status text not null check (status in ('PENDING', 'RESERVED', 'CONFIRMED', 'FULFILLED', 'DELIVERED', 'CANCELLED', 'REJECTED')),
  version integer not null check (version >= 1),
  reason text,
  reason_detail text,
  currency_code text,
  total_minor bigint check (total_minor >= 0),
  expected_currency_code text,
  expected_total_minor bigint,
  -- A token of the payment provider, kept only until the payment has been asked for.
  payment_method text,
  shipping_address jsonb not null,
  carrier text,
  tracking_number text,
  shipped_at timestamptz,
  delivered_at timestamptz,
  created_at timestamptz not null,
  check ((status = 'PENDING') = (payment_method is not null)),
  check (status not in ('RESERVED', 'CONFIRMED', 'FULFILLED', 'DELIVERED') or total_minor is not null),
  check (status not in ('FULFILLED', 'DELIVERED') or shipped_at is not null),
  check ((status in ('CANCELLED', 'REJECTED')) = (reason is not null))
);
-- Ids rise with time (UUIDv7), so they order lists too.
create index orders_by_customer on orders (customer_id, id desc);
create index orders_by_status on orders (status, id desc);

create table order_lines (
  order_id uuid not null references orders (id),
  line integer not null,
  sku text not null,
  quantity integer not null check (quantity > 0),
  name text,
  unit_price_minor bigint,
  primary key (order_id, line),
  unique (order_id, sku)
);

-- Every change of every order: what live updates are read from, and what they are resumed from.
create table order_events (
  order_id uuid not null references orders (id),
  version integer not null,
  status text not null,
  reason text,
  reason_detail text,
  -- Who asked for it; null where the order moved by itself.
  actor_id uuid,
  occurred_at timestamptz not null,
  -- Order of appending, with gaps, and not in the order of commits: only for numbering.
  sequence bigint generated always as identity,
  -- Place among all orders' changes. Given after the commit, by whoever reads next, so that none can slip in below.
  position bigint,
  primary key (order_id, version)
);
create unique index order_events_by_position on order_events (position);
create index order_events_unnumbered on order_events (sequence) where position is null;
create sequence order_position owned by order_events.position;

create table idempotency_keys (
  customer_id uuid not null,
  key text not null,
  request_hash text not null,
  order_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (customer_id, key)
);
