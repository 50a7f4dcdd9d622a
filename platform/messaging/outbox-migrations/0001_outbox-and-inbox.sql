create schema messaging;

-- What this service has decided to say and has not yet handed to the bus. Rows leave once the bus has them.
create table messaging.outbox (
  position bigint generated always as identity primary key,
  id uuid not null,
  type text not null,
  key text not null,
  payload jsonb not null,
  occurred_at timestamptz not null
);

-- What this service has handled. A message that comes again is passed over.
create table messaging.inbox (
  message_id uuid primary key,
  handled_at timestamptz not null default now()
);
create index inbox_handled_at on messaging.inbox (handled_at);

-- Messages whose handler failed every time. They wait here for a person; nothing is thrown away.
create table messaging.dead_letters (
  message_id uuid primary key,
  type text not null,
  key text not null,
  message jsonb not null,
  error text not null,
  attempts integer not null,
  died_at timestamptz not null default now()
);
