-- Amounts used to be kept in the minor units that the Node's own tables (ICU) told of a currency. From here on they are those
-- of ISO 4217, which has more digits for some.
create function pg_temp.factor(code text) returns bigint language sql immutable as $$
  select case
    when code = 'IQD' then 1000
    when code in ('AFN', 'ALL', 'COP', 'HUF', 'IDR', 'IRR', 'KPW', 'LAK', 'LBP', 'MGA', 'MMK', 'PKR', 'SLL', 'SOS', 'SYP', 'YER') then 100
    else 1
  end
$$;

-- The same for every amount within a message.
create function pg_temp.rescaled(value jsonb) returns jsonb language plpgsql immutable as $$
begin
  case jsonb_typeof(value)
    when 'array' then
      return (select coalesce(jsonb_agg(pg_temp.rescaled(item) order by place), '[]') from jsonb_array_elements(value) with ordinality as each (item, place));
    when 'object' then
      if value ? 'minor' and value ? 'currencyCode' then
        return jsonb_set(value, '{minor}', to_jsonb(((value ->> 'minor')::numeric * pg_temp.factor(value ->> 'currencyCode'))::text));
      end if;
      return (select coalesce(jsonb_object_agg(name, pg_temp.rescaled(member)), '{}') from jsonb_each(value) as each (name, member));
    else
      return value;
  end case;
end
$$;

update bus.messages set payload = pg_temp.rescaled(payload) where payload::text like '%currencyCode%';
