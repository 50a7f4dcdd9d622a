-- A sequence leaves a gap where a numbering is not committed: positions are counted instead, one reader at a time.
drop sequence order_position;
