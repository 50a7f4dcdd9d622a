-- FULFILLING: the parcel waits for its money. PAYMENT_FAILED: the money was not to be had, though it had been promised.
alter table orders
  drop constraint orders_status_check,
  drop constraint orders_check1,
  drop constraint orders_check3,
  add column payment_attempt integer not null default 1 check (payment_attempt >= 1),
  add constraint orders_status_check check (status in ('PENDING', 'RESERVED', 'CONFIRMED', 'FULFILLING', 'PAYMENT_FAILED', 'FULFILLED', 'DELIVERED', 'CANCELLED', 'REJECTED')),
  add constraint orders_priced_once_reserved check (status in ('PENDING', 'CANCELLED', 'REJECTED') or total_minor is not null),
  add constraint orders_parcel_named check (status <> 'FULFILLING' or (carrier is not null and tracking_number is not null)),
  add constraint orders_say_why check ((status in ('PAYMENT_FAILED', 'CANCELLED', 'REJECTED')) = (reason is not null));
create index orders_unpaid on orders (status, id) where status in ('PENDING', 'RESERVED', 'PAYMENT_FAILED');
