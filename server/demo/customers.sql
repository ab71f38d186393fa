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

-- Both have the starter sets by now; this is where the younger company differs, and what both have added.
update portal.equipment_rates r
set hourly_rate = lakeshore.rate
from (
  values
    ('Snow Blower', 38.00),
    ('Sidewalk Plow', 68.00),
    ('Small Tractor', 75.00),
    ('Pickup with Straight Blade', 85.00),
    ('Plow Truck with 1-Yard Bulk Spreader', 98.00),
    ('Plow Truck with 2-Yard Bulk Spreader', 112.00),
    ('Plow Truck with 4-Yard Bulk Spreader', 130.00),
    ('Skid Steer Loader', 115.00),
    ('Backhoe Loader', 140.00),
    ('Wheel Loader', 168.00)
) as lakeshore (name, rate)
where (r.customer_id, r.equipment_name) = ('TEST0001', lakeshore.name);

insert into portal.winter_products (customer_id, name, unit)
values ('TEST0001', 'Salt Brine', 'gallons');

insert into portal.landscape_products (customer_id, name, unit)
values ('LEGACY001', 'Topsoil', 'yards');

select format('%s companies', count(*)) from platform.customers;
