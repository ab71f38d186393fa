-- The people. Who has equipment works in the field; sam.rivera@example.com works for both companies.

insert into portal.users (
  customer_id, name, username, email, phone, address, role, requested_role,
  default_equipment, available_for_assignment, status, display_name, created_at
)
select
  p.customer_id, p.name, split_part(p.email, '@', 1), p.email, p.phone, p.address, p.role, p.requested_role,
  p.equipment, p.available, p.status, split_part(p.name, ' ', 1), now() - make_interval(days => p.days)
from (
  values
    ('LEGACY001', 'Morgan Hale', 'morgan.hale@example.com', '+17165550100', 'Buffalo, NY', 'Admin', null, null, true, 'active', 409),
    ('LEGACY001', 'Dana Whitlock', 'dana.whitlock@example.com', '+17165550111', 'Amherst, NY', 'Manager', null, null, true, 'active', 405),
    ('LEGACY001', 'Terrence Boyle', 'terrence.boyle@example.com', '+17165550112', 'Orchard Park, NY', 'Manager', null, null, true, 'active', 405),
    ('LEGACY001', 'Priya Raman', 'priya.raman@example.com', '+17165550113', 'Buffalo, NY', 'Manager', null, null, true, 'active', 310),
    ('LEGACY001', 'Greg Nowak', 'greg.nowak@example.org', '+17165550121', 'Cheektowaga, NY', 'Contractor', null, 'Plow Truck with 4-Yard Bulk Spreader', true, 'active', 398),
    ('LEGACY001', 'Lena Fischer', 'lena.fischer@example.org', '+17165550122', 'Tonawanda, NY', 'Contractor', null, 'Plow Truck with 2-Yard Bulk Spreader', true, 'active', 390),
    ('LEGACY001', 'Carl Okafor', 'carl.okafor@example.org', '+17165550123', 'Hamburg, NY', 'Contractor', null, 'Wheel Loader', true, 'active', 388),
    ('LEGACY001', 'Sam Rivera', 'sam.rivera@example.com', '+12165550142', 'Cleveland, OH', 'Subcontractor', null, 'Pickup with Straight Blade', true, 'active', 300),
    ('LEGACY001', 'Joey Bianchi', 'joey.bianchi@example.com', '+17165550132', 'Depew, NY', 'Subcontractor', null, 'Plow Truck with 1-Yard Bulk Spreader', true, 'active', 296),
    ('LEGACY001', 'Tasha Greene', 'tasha.greene@example.com', '+17165550133', 'Kenmore, NY', 'Subcontractor', null, 'Sidewalk Plow', true, 'active', 290),
    ('LEGACY001', 'Victor Lindqvist', 'victor.lindqvist@example.com', '+17165550134', 'Blasdell, NY', 'Subcontractor', null, 'Skid Steer Loader', true, 'active', 281),
    ('LEGACY001', 'Ben Halloran', 'ben.halloran@example.com', '+17165550141', 'Buffalo, NY', 'User', null, 'Plow Truck with 2-Yard Bulk Spreader', true, 'active', 274),
    ('LEGACY001', 'Keisha Moore', 'keisha.moore@example.com', '+17165550143', 'Buffalo, NY', 'User', null, 'Sidewalk Plow', true, 'active', 270),
    ('LEGACY001', 'Owen Pratt', 'owen.pratt@example.com', '+17165550144', 'Lancaster, NY', 'User', null, 'Small Tractor', false, 'active', 268),
    ('LEGACY001', 'Nadia Petrov', 'nadia.petrov@example.com', '+17165550145', 'West Seneca, NY', 'User', null, 'Pickup with Straight Blade', true, 'active', 199),
    ('LEGACY001', 'Luis Delgado', 'luis.delgado@example.com', '+17165550146', 'Lackawanna, NY', 'User', null, 'Backhoe Loader', true, 'active', 180),
    ('LEGACY001', 'Chris Tanaka', 'chris.tanaka@example.com', '+17165550151', null, 'User', 'Manager', null, true, 'pending', 2),
    ('LEGACY001', 'Rick Dunham', 'rick.dunham@example.com', '+17165550152', 'Buffalo, NY', 'User', null, 'Shovel', true, 'suspended', 350),

    ('TEST0001', 'Ellen Sorensen', 'ellen.sorensen@example.net', '+14145550100', 'Milwaukee, WI', 'Admin', null, null, true, 'active', 149),
    ('TEST0001', 'Marcus Reed', 'marcus.reed@example.net', '+14145550111', 'Wauwatosa, WI', 'Manager', null, null, true, 'active', 148),
    ('TEST0001', 'Joanna Kowalczyk', 'joanna.kowalczyk@example.net', '+17735550112', 'Skokie, IL', 'Manager', null, null, true, 'active', 148),
    ('TEST0001', 'Dale Hendricks', 'dale.hendricks@example.org', '+12625550121', 'Racine, WI', 'Contractor', null, 'Plow Truck with 4-Yard Bulk Spreader', true, 'active', 140),
    ('TEST0001', 'Maria Esposito', 'maria.esposito@example.org', '+18475550122', 'Northbrook, IL', 'Contractor', null, 'Plow Truck with 2-Yard Bulk Spreader', true, 'active', 139),
    ('TEST0001', 'Sam Rivera', 'sam.rivera@example.com', '+12165550142', 'Cleveland, OH', 'Subcontractor', null, 'Pickup with Straight Blade', true, 'active', 120),
    ('TEST0001', 'Andre Coleman', 'andre.coleman@example.net', '+14145550132', 'Milwaukee, WI', 'Subcontractor', null, 'Sidewalk Plow', true, 'active', 120),
    ('TEST0001', 'Becky Thorson', 'becky.thorson@example.net', '+18475550133', 'Waukegan, IL', 'Subcontractor', null, 'Skid Steer Loader', true, 'active', 118),
    ('TEST0001', 'Nate Gundersen', 'nate.gundersen@example.net', '+14145550141', 'Oak Creek, WI', 'User', null, 'Plow Truck with 2-Yard Bulk Spreader', true, 'active', 117),
    ('TEST0001', 'Aisha Warsame', 'aisha.warsame@example.net', '+14145550143', 'Milwaukee, WI', 'User', null, 'Plow Truck with 1-Yard Bulk Spreader', true, 'active', 117),
    ('TEST0001', 'Phil Castellano', 'phil.castellano@example.net', '+17735550144', 'Chicago, IL', 'User', null, 'Sidewalk Plow', true, 'active', 111),
    ('TEST0001', 'Grace Lindholm', 'grace.lindholm@example.net', '+12625550145', 'Waukesha, WI', 'User', null, 'Small Tractor', false, 'active', 104),
    ('TEST0001', 'Omar Haddad', 'omar.haddad@example.net', '+18475550146', 'Des Plaines, IL', 'User', null, 'Wheel Loader', true, 'active', 96),
    ('TEST0001', 'Jules Marchetti', 'jules.marchetti@example.net', '+14145550151', null, 'User', 'User', null, true, 'pending', 1),
    ('TEST0001', 'Kurt Ziegler', 'kurt.ziegler@example.net', '+12625550152', 'Kenosha, WI', 'Subcontractor', null, 'Snow Blower', true, 'suspended', 122)
) as p (customer_id, name, email, phone, address, role, requested_role, equipment, available, status, days);

update portal.users s
set contractor_id = c.id
from (
  values
    ('LEGACY001', 'sam.rivera@example.com', 'greg.nowak@example.org'),
    ('LEGACY001', 'joey.bianchi@example.com', 'greg.nowak@example.org'),
    ('LEGACY001', 'tasha.greene@example.com', 'lena.fischer@example.org'),
    ('LEGACY001', 'victor.lindqvist@example.com', 'carl.okafor@example.org'),
    ('TEST0001', 'sam.rivera@example.com', 'dale.hendricks@example.org'),
    ('TEST0001', 'andre.coleman@example.net', 'dale.hendricks@example.org'),
    ('TEST0001', 'becky.thorson@example.net', 'maria.esposito@example.org'),
    ('TEST0001', 'kurt.ziegler@example.net', 'maria.esposito@example.org')
) as link (customer_id, subcontractor, contractor)
join portal.users c on (c.customer_id, c.email) = (link.customer_id, link.contractor)
where (s.customer_id, s.email) = (link.customer_id, link.subcontractor);

select format('%s people', count(*)) from portal.users;
