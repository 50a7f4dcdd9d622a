create schema sessions;

-- Sessions that ended before their access tokens did. A row is of use until the last of those tokens has.
create table sessions.ended (
  session_id uuid primary key,
  forget_at timestamptz not null
);
create index ended_forget_at on sessions.ended (forget_at);
