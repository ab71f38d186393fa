-- A new customer begins with what most of them drive and spread, whoever inserts it and in the same
-- transaction. From then on the rows are the customer's to change. One that moves in has its own.
--
-- The wall holds for portal_definer too, so the function enters the new customer, and brings the
-- caller back to where it was. (An error brings it back as well, with its transaction or savepoint.
-- Only a superuser may name app.customer_id among a function's own settings.)
create or replace function tenancy.give_starter_sets() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  entered constant text := tenancy.customer_id();
  ignored text;
begin
  if tenancy.moves() then
    return null;
  end if;
  ignored := set_config('app.customer_id', new.customer_id, true);

  insert into portal.equipment_rates (equipment_name, hourly_rate, description)
  values
    ('Shovel', 25.00, 'One person on foot'),
    ('Snow Blower', 35.00, 'Walk-behind, two stages'),
    ('Sidewalk Plow', 65.00, 'Narrow machine for walks and ramps'),
    ('Small Tractor', 72.00, 'Compact tractor with blade or blower'),
    ('Pickup with Straight Blade', 80.00, 'Eight-foot blade, no spreader'),
    ('Plow Truck with 1-Yard Bulk Spreader', 95.00, 'Drives and small lots'),
    ('Plow Truck with 2-Yard Bulk Spreader', 108.00, 'Ordinary lots'),
    ('Plow Truck with 4-Yard Bulk Spreader', 125.00, 'Large lots and access roads'),
    ('Skid Steer Loader', 118.00, 'With an eight-foot pusher'),
    ('Backhoe Loader', 145.00, 'With a twelve-foot pusher'),
    ('Wheel Loader', 175.00, 'Stacking and hauling snow');

  insert into portal.winter_products (name, unit)
  values
    ('Bulk Salt', 'yards'),
    ('Bagged Salt', 'bags'),
    ('Calcium Chloride', 'bags');

  insert into portal.landscape_products (name, unit)
  values
    ('Fertilizer', 'bags'),
    ('Mulch', 'yards'),
    ('Herbicide', 'gallons'),
    ('Grass Seed', 'lbs');

  ignored := set_config('app.customer_id', coalesce(entered, ''), true);
  return null;
end
$$;

do $$
begin
  call tenancy.ensure_trigger('platform.customers',
    'CREATE TRIGGER give_starter_sets AFTER INSERT ON platform.customers FOR EACH ROW EXECUTE FUNCTION tenancy.give_starter_sets()');
end
$$;
