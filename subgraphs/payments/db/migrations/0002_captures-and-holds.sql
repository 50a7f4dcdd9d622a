-- A hold ends, a capture can be refused, and both can be tried again: with another hold, and maybe another card.
alter table payments
  drop constraint payments_status_check,
  add constraint payments_status_check check (status in ('PENDING', 'AUTHORISED', 'DECLINED', 'CAPTURED', 'VOIDED', 'EXPIRED')),
  -- Of the authorisation, from 1.
  add column attempt integer not null default 1 check (attempt >= 1),
  -- Why the provider did not take what it held; null while it has not been asked, or has.
  add column capture_failure text,
  -- Until when the provider holds the amount; null where it did not say, or holds nothing.
  add column hold_ends_at timestamptz,
  add constraint only_held_fails_to_be_captured check (capture_failure is null or status in ('AUTHORISED', 'VOIDED', 'EXPIRED'));
create index payments_by_end_of_hold on payments (hold_ends_at) where status = 'AUTHORISED' and hold_ends_at is not null;
create index payments_by_status on payments (status, id desc);

-- Which authorisation it is about.
alter table payment_operations add column attempt integer not null default 1 check (attempt >= 1);

-- Captures that were refused before anybody was told so.
update payments p set capture_failure = coalesce(
    (select t.detail from payment_transactions t where t.operation_id = o.id and t.status = 'FAILED'), 'The capture was refused.')
  from payment_operations o
  where o.payment_id = p.id and o.kind = 'CAPTURE' and o.state = 'FAILED' and p.status = 'AUTHORISED';
insert into messaging.outbox (id, type, key, payload, occurred_at)
  select gen_random_uuid(), 'payment.capture-failed', order_id::text,
    jsonb_build_object('orderId', order_id, 'paymentId', id, 'message', capture_failure), now()
  from payments where status = 'AUTHORISED' and capture_failure is not null;
