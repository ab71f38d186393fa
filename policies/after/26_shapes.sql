-- The shapes: views of tenant tables, in which several features show the same rows alike. Each reads its tables as
-- its caller, so the walls hold in it as in them, and it is read only.

call tenancy.ensure_shape('properties', $view$
select p.id, p.customer_id, p.name, p.address, p.sqft, coalesce(p.area_manager, '') as area_manager, p.plow, p.salt, p.notes,
  p.trigger_type, p.trigger_amount, p.contract_tier, to_char(p.open_by_time, 'HH24:MI') as open_by_time,
  p.billing_type, p.plow_rate, p.salt_rate, p.sidewalk_deice_rate, p.sidewalk_snow_rate,
  p.latitude, p.longitude, p.show_on_weather_dashboard, p.created_at, p.updated_at
from portal.locations p
$view$);

comment on view portal.properties is 'Properties as the API shows them.';

call tenancy.ensure_shape('usable_lists', $view$
select l.id, l.customer_id, l.name, l.user_id, l.is_shared, l.created_at, l.updated_at
from portal.property_lists l
where l.is_shared
  or l.user_id = (select tenancy.user_id())
$view$);

comment on view portal.usable_lists is 'The property lists that the caller owns, and those that are shared; without their filters.';
