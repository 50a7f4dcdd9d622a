-- Every price a variant has had, and from when: an order is reserved at the price of the moment it was placed. Written by
-- a trigger, so that no code, older code beside this one included, can change a price without leaving its trace.
create table variant_prices (
  id bigint generated always as identity primary key,
  variant_id uuid not null references variants (id),
  price_minor bigint not null check (price_minor > 0),
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  -- To the millisecond, as orders tell the time. Valid until the next one's.
  valid_from timestamptz not null
);
create index variant_prices_by_time on variant_prices (variant_id, valid_from, id);

-- What prices there were before is not known: the present one counts as the only one.
insert into variant_prices (variant_id, price_minor, currency_code, valid_from)
select id, price_minor, currency_code, date_trunc('milliseconds', created_at) from variants;

create function keep_price() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or (old.price_minor, old.currency_code) is distinct from (new.price_minor, new.currency_code) then
    insert into variant_prices (variant_id, price_minor, currency_code, valid_from)
    values (new.id, new.price_minor, new.currency_code, date_trunc('milliseconds', clock_timestamp()));
  end if;
  return null;
end
$$;
create trigger variants_keep_price after insert or update of price_minor, currency_code on variants
  for each row execute function keep_price();

create function refuse_change_of_prices() returns trigger language plpgsql as $$
begin
  raise exception 'variant_prices is append-only: orders are reserved at what stands here';
end
$$;
create trigger variant_prices_append_only before update or delete or truncate on variant_prices
  for each statement execute function refuse_change_of_prices();
