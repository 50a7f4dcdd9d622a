create table users (
  id uuid primary key,
  -- As its owner writes it; compared without regard to case.
  email text not null check (length(email) <= 254),
  name text not null,
  -- Argon2id in the PHC string format, which carries its own salt and parameters.
  password_hash text not null,
  roles text[] not null check (cardinality(roles) > 0 and roles <@ array['CUSTOMER', 'STAFF', 'ADMIN']),
  created_at timestamptz not null
);
create unique index users_email on users (lower(email));

create table addresses (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  name text not null,
  line1 text not null,
  line2 text,
  city text not null,
  region text,
  postal_code text not null,
  country_code text not null check (country_code ~ '^[A-Z]{2}$')
);
create index addresses_of_user on addresses (user_id, id);

-- A log-in and everything refreshed from it: one family of refresh tokens.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  created_at timestamptz not null,
  -- Of its latest refresh token.
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_because text check (ended_because in ('LOGGED_OUT', 'TOKEN_REUSED', 'PASSWORD_CHANGED')),
  check ((ended_at is null) = (ended_because is null))
);
create index sessions_of_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

create table refresh_tokens (
  -- SHA-256 of the token; the token itself is kept nowhere.
  hash bytea primary key check (length(hash) = 32),
  session_id uuid not null references sessions on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  -- The token this one was traded for, and this one sealed under that token; both are dropped once this one is used.
  predecessor_hash bytea,
  sealed_for_predecessor bytea,
  check (used_at is null or (predecessor_hash is null and sealed_for_predecessor is null)),
  check ((predecessor_hash is null) = (sealed_for_predecessor is null))
);
-- The promise of rotation: a session never has two tokens that work.
create unique index refresh_tokens_one_unused on refresh_tokens (session_id) where used_at is null;
create index refresh_tokens_of_session on refresh_tokens (session_id);
create index refresh_tokens_expiry on refresh_tokens (expires_at);

-- Attempts to prove a password, counted before it is looked at and forgotten once one succeeds.
create table password_attempts (
  -- SHA-256 of the lower-case e-mail address, of an account or not: what people mistype is not for keeping.
  account bytea primary key,
  attempts integer not null,
  window_ends_at timestamptz not null
);
create index password_attempts_expiry on password_attempts (window_ends_at);
