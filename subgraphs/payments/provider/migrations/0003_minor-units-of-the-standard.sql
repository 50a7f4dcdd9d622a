-- Amounts used to be kept in the minor units that the Node's own tables (ICU) told of a currency. From here on they are those
-- of ISO 4217, which has more digits for some.
create function pg_temp.factor(code text) returns bigint language sql immutable as $$
  select case
    when code = 'IQD' then 1000
    when code in ('AFN', 'ALL', 'COP', 'HUF', 'IDR', 'IRR', 'KPW', 'LAK', 'LBP', 'MGA', 'MMK', 'PKR', 'SLL', 'SOS', 'SYP', 'YER') then 100
    else 1
  end
$$;

update simulator.movements m set amount_minor = amount_minor * pg_temp.factor(c.currency_code)
  from simulator.charges c where c.authorisation_key = m.authorisation_key and pg_temp.factor(c.currency_code) > 1;
update simulator.charges set
    held_minor = held_minor * pg_temp.factor(currency_code),
    captured_minor = captured_minor * pg_temp.factor(currency_code),
    refunded_minor = refunded_minor * pg_temp.factor(currency_code)
  where pg_temp.factor(currency_code) > 1;
-- `5000 HUF`: a call that is made again must be the one it was.
update simulator.requests set fingerprint = jsonb_set(fingerprint, '{amount}', to_jsonb(
    (split_part(fingerprint ->> 'amount', ' ', 1)::bigint * pg_temp.factor(split_part(fingerprint ->> 'amount', ' ', 2)))::text
    || ' ' || split_part(fingerprint ->> 'amount', ' ', 2)))
  where pg_temp.factor(split_part(fingerprint ->> 'amount', ' ', 2)) > 1;
