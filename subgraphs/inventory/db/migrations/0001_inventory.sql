-- For searches that forgive typing errors.
create extension if not exists pg_trgm;

create table warehouses (
  id uuid primary key,
  code text collate "C" not null unique,
  name text not null
);

create table products (
  id uuid primary key,
  name text not null,
  description text not null,
  -- Names and SKUs of its variants, written with the product: what a search finds it by, besides its own words.
  variant_terms text not null,
  created_at timestamptz not null default now(),
  search_vector tsvector not null generated always as (
    setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('simple', variant_terms), 'B')
    || setweight(to_tsvector('english', description), 'C')
  ) stored,
  search_text text not null generated always as (name || ' ' || variant_terms || ' ' || description) stored
);
create index products_by_name on products (name, id);
create index products_by_word on products using gin (search_vector);
create index products_by_trigram on products using gin (search_text gin_trgm_ops);

create table variants (
  id uuid primary key,
  product_id uuid not null references products (id),
  -- Place among the product's variants, from 0.
  position integer not null,
  -- Compared byte by byte: the order in which rows are locked must not depend on a locale.
  sku text collate "C" not null constraint variants_sku unique,
  name text not null,
  price_minor bigint not null check (price_minor > 0),
  currency_code text not null check (currency_code ~ '^[A-Z]{3}$'),
  created_at timestamptz not null default now(),
  unique (product_id, position)
);

-- How many units of a variant are in a warehouse, and how many of those are promised to orders. No row is no unit.
create table stock_levels (
  variant_id uuid not null references variants (id),
  warehouse_id uuid not null references warehouses (id),
  on_hand integer not null,
  reserved integer not null,
  primary key (variant_id, warehouse_id),
  -- The backstop of every promise made here. The bound keeps sums over warehouses within GraphQL's Int.
  constraint stock_levels_promise check (0 <= reserved and reserved <= on_hand and on_hand <= 10000000)
) with (fillfactor = 80);

-- What an order holds or held. RELEASED without an answer is a tombstone: given back before anything was asked for.
create table reservations (
  order_id uuid primary key,
  status text not null check (status in ('HELD', 'REFUSED', 'RELEASED', 'SHIPPED')),
  -- What the order was told, to be told the same should it ask again.
  answer jsonb,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now()
);

-- From which warehouses the units of a reservation come. Kept when it ends: the status says whether they are still held.
create table reservation_units (
  order_id uuid not null references reservations (order_id),
  variant_id uuid not null,
  warehouse_id uuid not null,
  quantity integer not null check (quantity > 0),
  primary key (order_id, variant_id, warehouse_id),
  foreign key (variant_id, warehouse_id) references stock_levels (variant_id, warehouse_id)
);

-- The ledger: every change of every level, appended in the statement that makes it. A level is the sum of its movements.
create table stock_movements (
  id bigint generated always as identity primary key,
  variant_id uuid not null,
  warehouse_id uuid not null,
  kind text not null,
  on_hand_delta integer not null,
  reserved_delta integer not null,
  order_id uuid,
  -- The member of staff who moved it; null where an order did, or the seed.
  actor_id uuid,
  reason text,
  occurred_at timestamptz not null default now(),
  foreign key (variant_id, warehouse_id) references stock_levels (variant_id, warehouse_id),
  check (
    case kind
      when 'RECEIVED' then order_id is null and on_hand_delta > 0 and reserved_delta = 0
      when 'ADJUSTED' then order_id is null and on_hand_delta <> 0 and reserved_delta = 0 and actor_id is not null
      when 'RESERVED' then order_id is not null and on_hand_delta = 0 and reserved_delta > 0
      when 'RELEASED' then order_id is not null and on_hand_delta = 0 and reserved_delta < 0
      when 'SHIPPED' then order_id is not null and on_hand_delta < 0 and reserved_delta = on_hand_delta
      else false
    end
  )
);
create index stock_movements_by_level on stock_movements (variant_id, warehouse_id, id);
create index stock_movements_by_order on stock_movements (order_id) where order_id is not null;

create function refuse_change_of_ledger() returns trigger language plpgsql as $$
begin
  raise exception 'stock_movements is append-only: correct a level by a movement of its own';
end
$$;
create trigger stock_movements_append_only before update or delete or truncate on stock_movements
  for each statement execute function refuse_change_of_ledger();

-- Levels that their movements, or the reservations that hold units, do not explain. Always empty.
create view stock_discrepancies as
  with ledger as (
    select variant_id, warehouse_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved
    from stock_movements group by variant_id, warehouse_id
  ), held as (
    select variant_id, warehouse_id, sum(quantity) as units
    from reservation_units join reservations using (order_id) where status = 'HELD' group by variant_id, warehouse_id
  )
  select
    variant_id,
    warehouse_id,
    level.on_hand,
    coalesce(ledger.on_hand, 0) as ledger_on_hand,
    level.reserved,
    coalesce(ledger.reserved, 0) as ledger_reserved,
    coalesce(held.units, 0) as held
  from stock_levels level
    left join ledger using (variant_id, warehouse_id)
    left join held using (variant_id, warehouse_id)
  where level.on_hand <> coalesce(ledger.on_hand, 0)
    or level.reserved <> coalesce(ledger.reserved, 0)
    or level.reserved <> coalesce(held.units, 0);

create table idempotency_keys (
  actor_id uuid not null,
  key text not null,
  request_hash text not null,
  -- The variant or product that the request moved or made.
  result_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (actor_id, key)
);
