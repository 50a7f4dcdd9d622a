-- Until when the amount is held; null for ever, as it was before.
alter table simulator.charges add column hold_ends_at timestamptz;
