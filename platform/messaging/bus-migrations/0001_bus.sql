create schema bus;

-- The log. Appended to by one transaction at a time, so that positions become visible in their order.
create table bus.messages (
  position bigint generated always as identity primary key,
  id uuid not null unique,
  type text not null,
  key text not null,
  payload jsonb not null,
  occurred_at timestamptz not null,
  published_at timestamptz not null default now()
);
create index messages_by_type on bus.messages (type, position);

-- Everything up to and including `position` is dealt with by this consumer.
create table bus.positions (
  consumer text primary key,
  position bigint not null,
  moved_at timestamptz not null default now()
);
