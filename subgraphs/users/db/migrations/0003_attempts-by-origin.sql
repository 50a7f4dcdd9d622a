comment on table password_attempts is
  'What is counted in windows, before it is done: attempts to prove a password by account, by known origin and by network,
   and registrations by network. The key is the SHA-256 of what is counted; what people mistype is not for keeping.';

-- Where an account was logged in to before. Who comes from there is not held up by what others do wrong elsewhere.
create table known_origins (
  user_id uuid not null references users on delete cascade,
  -- A keyed hash (HMAC-SHA-256) of account and network: addresses are not for keeping, and few enough to be tried out.
  origin bytea not null check (length(origin) = 32),
  last_seen_at timestamptz not null,
  primary key (user_id, origin)
);
create index known_origins_last_seen on known_origins (last_seen_at);
