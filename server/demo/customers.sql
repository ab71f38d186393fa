-- The two companies, and what each charges and uses.

insert into platform.customers (
  customer_id, company_name, contact_name, contact_email, contact_phone, address, status, subscription_tier,
  max_users, max_properties, features, billing_email, timezone, subdomain, created_at
)
values
  (
    'LEGACY001', 'Legacy Grounds Care', 'Morgan Hale', 'morgan.hale@example.com', '+17165550100',
    '75 Tonawanda St, Buffalo, NY 14207', 'active', 'enterprise',
    999, 9999, '{"jobber": true, "quickbooks": true, "sms": true, "weather": true, "ai": true}',
    'billing.legacy@example.com', 'America/New_York', 'legacy', now() - interval '410 days'
  ),
  (
    'TEST0001', 'Lakeshore Snow & Landscape', 'Ellen Sorensen', 'ellen.sorensen@example.net', '+14145550100',
    '1820 S 1st St, Milwaukee, WI 53204', 'active', 'professional',
    50, 500, '{"jobber": false, "quickbooks": true, "sms": true, "weather": true, "ai": false}',
    'accounts.lakeshore@example.net', 'America/Chicago', 'lakeshore', now() - interval '150 days'
  );

insert into portal.admin_settings (customer_id, setting, value)
values
  ('LEGACY001', 'signup_notification_email', 'morgan.hale@example.com'),
  ('TEST0001', 'signup_notification_email', 'ellen.sorensen@example.net');

insert into portal.equipment_rates (customer_id, equipment_name, hourly_rate, description)
select c.customer_id, e.name, case c.customer_id when 'LEGACY001' then e.legacy else e.lakeshore end, e.description
from (
  values
    ('Shovel', 25.00, 25.00, 'One person on foot'),
    ('Snow Blower', 35.00, 38.00, 'Walk-behind, two stages'),
    ('Sidewalk Plow', 65.00, 68.00, 'Narrow machine for walks and ramps'),
    ('Small Tractor', 72.00, 75.00, 'Compact tractor with blade or blower'),
    ('Pickup with Straight Blade', 80.00, 85.00, 'Eight-foot blade, no spreader'),
    ('Plow Truck with 1-Yard Bulk Spreader', 95.00, 98.00, 'Drives and small lots'),
    ('Plow Truck with 2-Yard Bulk Spreader', 108.00, 112.00, 'Ordinary lots'),
    ('Plow Truck with 4-Yard Bulk Spreader', 125.00, 130.00, 'Large lots and access roads'),
    ('Skid Steer Loader', 118.00, 115.00, 'With an eight-foot pusher'),
    ('Backhoe Loader', 145.00, 140.00, 'With a twelve-foot pusher'),
    ('Wheel Loader', 175.00, 168.00, 'Stacking and hauling snow')
) as e (name, legacy, lakeshore, description)
cross join platform.customers c;

insert into portal.winter_products (customer_id, name, unit)
values
  ('LEGACY001', 'Bulk Salt', 'yards'),
  ('LEGACY001', 'Bagged Salt', 'bags'),
  ('LEGACY001', 'Calcium Chloride', 'bags'),
  ('TEST0001', 'Bulk Salt', 'yards'),
  ('TEST0001', 'Bagged Salt', 'bags'),
  ('TEST0001', 'Calcium Chloride', 'bags'),
  ('TEST0001', 'Salt Brine', 'gallons');

insert into portal.landscape_products (customer_id, name, unit)
values
  ('LEGACY001', 'Mulch', 'yards'),
  ('LEGACY001', 'Fertilizer', 'bags'),
  ('LEGACY001', 'Herbicide', 'gallons'),
  ('LEGACY001', 'Grass Seed', 'lbs'),
  ('LEGACY001', 'Topsoil', 'yards'),
  ('TEST0001', 'Mulch', 'yards'),
  ('TEST0001', 'Fertilizer', 'bags'),
  ('TEST0001', 'Herbicide', 'gallons'),
  ('TEST0001', 'Grass Seed', 'lbs');

select format('%s companies', count(*)) from platform.customers;
