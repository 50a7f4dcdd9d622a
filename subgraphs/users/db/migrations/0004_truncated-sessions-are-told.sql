-- TRUNCATE deletes no row by itself: whoever ends all sessions by it, or by that of the accounts, tells of each as well.
create function say_sessions_truncated() returns trigger language plpgsql as $$
begin
  insert into messaging.outbox (id, type, key, payload, occurred_at)
  select uuidv7(), 'session.ended', id::text, jsonb_build_object('sessionId', id, 'userId', user_id), now()
  from sessions where ended_at is null and expires_at > now();
  perform pg_notify('outbox', '');
  return null;
end $$;
create trigger sessions_truncated before truncate on sessions for each statement execute function say_sessions_truncated();
