-- A disabled account keeps what it has and can do nothing.
alter table users add column disabled_at timestamptz;

alter table sessions drop constraint sessions_ended_because_check;
alter table sessions add constraint sessions_ended_because_check check (
  ended_because in ('LOGGED_OUT', 'TOKEN_REUSED', 'PASSWORD_CHANGED', 'ACCOUNT_DISABLED', 'TOO_MANY_SESSIONS')
);

-- The other services hear of every session that ends before its time, whoever ended it and by whatever statement: a
-- command of ours, the deletion of an account, somebody with a database console.
create function say_session_ended() returns trigger language plpgsql as $$
begin
  insert into messaging.outbox (id, type, key, payload, occurred_at) values (
    uuidv7(), 'session.ended', old.id::text, jsonb_build_object('sessionId', old.id, 'userId', old.user_id), now()
  );
  perform pg_notify('outbox', '');
  return null;
end $$;
create trigger session_ended after update of ended_at on sessions for each row
  when (old.ended_at is null and new.ended_at is not null) execute function say_session_ended();
create trigger session_deleted after delete on sessions for each row
  when (old.ended_at is null and old.expires_at > now()) execute function say_session_ended();

-- A disabled account has no session that goes on: starting one locks the account's row and looks at disabled_at.
create function end_sessions_of_disabled() returns trigger language plpgsql as $$
begin
  update sessions set ended_at = new.disabled_at, ended_because = 'ACCOUNT_DISABLED'
  where user_id = new.id and ended_at is null;
  return null;
end $$;
create trigger user_disabled after update of disabled_at on users for each row
  when (old.disabled_at is null and new.disabled_at is not null) execute function end_sessions_of_disabled();
