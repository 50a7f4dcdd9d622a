-- The price a piece that the customer was shown and agreed to, where they said so; and, of an order rejected for its
-- prices, what was asked instead.
alter table order_lines
  add column expected_price_minor bigint,
  add column expected_currency_code text,
  add column offered_price_minor bigint,
  add column offered_currency_code text,
  add check ((expected_price_minor is null) = (expected_currency_code is null)),
  add check ((offered_price_minor is null) = (offered_currency_code is null));
