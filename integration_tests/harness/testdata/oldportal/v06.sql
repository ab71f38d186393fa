-- Version 0.6 on top of the second generation: customers, and whose the rows are. Children say nothing of it.
create table customers (
  id int not null auto_increment primary key, customer_id char(9) not null unique, company_name varchar(255) not null, contact_name varchar(255), contact_email varchar(255), contact_phone varchar(50),
  address text, status enum('active', 'suspended', 'cancelled') default 'active', subscription_tier enum('free', 'basic', 'professional', 'enterprise') default 'basic',
  max_users int default 10, max_properties int default 100, features json, billing_email varchar(255), timezone varchar(50) default 'America/New_York',
  created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp
);
insert into customers (id, customer_id, company_name, contact_email, status, subscription_tier, max_users, max_properties, features, timezone, created_at, updated_at) values
  (1, 'LEGACY001', 'Old Snow Company', 'ada@old.example', 'suspended', 'basic', 1, 1, '{"jobber": true}', 'America/New_York', '2025-05-01 12:00:00', '2025-05-01 12:00:00'),
  (2, 'KPQ7W2M9X', 'Second Snow Company', 'zoe@second.example', 'active', 'professional', 1, 1, '{"sms": 1}', 'America/Chicago', '2025-09-01 12:00:00', '2025-09-01 12:00:00'),
  -- The id of a test, which is one character short.
  (3, 'TEST0001', 'Third Snow Company', null, 'active', 'free', 3, 25, null, 'Mars/Olympus', '2025-10-01 12:00:00', '2025-10-01 12:00:00');

alter table users add customer_id char(9);
alter table locations add customer_id char(9);
alter table winter_ops_logs add customer_id char(9);
alter table winter_events add customer_id char(9);
alter table property_contractors add customer_id char(9);
update users set customer_id = 'LEGACY001';
update locations set customer_id = if(id % 2, 'LEGACY001', null);
update winter_ops_logs set customer_id = 'LEGACY001';
update winter_events set customer_id = 'LEGACY001';
update property_contractors set customer_id = 'LEGACY001';

insert into users (id, customer_id, name, email, role, password, status, created_at, updated_at) values
  (20, 'KPQ7W2M9X', 'Zoe Second', 'zoe@second.example', 'Admin', '$2a$04$Qxy2dcJ/aeq.tITCJ5EYHOVCN.BGhlyXa/x3fkv4G/uXnupjZpj2y', 'active', '2025-09-01 12:00:00', '2025-09-01 12:00:00'),
  (21, 'KPQ7W2M9X', 'Sub Second', 'sub@second.example', 'Subcontractor', null, 'active', '2025-09-01 12:00:00', '2025-09-01 12:00:00'),
  (30, 'TEST0001', 'Tess Third', 'tess@third.example', 'Admin', null, 'active', '2025-10-01 12:00:00', '2025-10-01 12:00:00'),
  (31, '', 'Tenant Two', 'two@tenant.example', 'Admin', null, 'active', '2025-10-01 12:00:00', '2025-10-01 12:00:00');
update users set tenant_id = 2 where id = 31;
update users set contractor_id = 5 where id = 21;
insert into locations (id, customer_id, name, address, created_at, updated_at) values
  (20, 'KPQ7W2M9X', 'North Plaza', '1 North Street', '2025-09-01 12:00:00', '2025-09-01 12:00:00'),
  (30, 'TEST0001', 'North Plaza', '1 North Street', '2025-10-01 12:00:00', '2025-10-01 12:00:00');
insert into winter_events (id, customer_id, event_name, start_date, status, created_by, created_at, updated_at) values
  (20, 'KPQ7W2M9X', 'Their first', '2025-11-20 18:00:00', 'active', 20, '2025-11-20 12:00:00', '2025-11-20 12:00:00');
insert into winter_ops_logs (id, customer_id, property_id, contractor_id, worker_name, user_id, time_in, time_out, status, bulk_salt_qty, winter_event_id, created_at, updated_at) values
  (20, 'KPQ7W2M9X', 20, 21, 'Sub', 21, '2025-11-21 05:00:00', '2025-11-21 06:00:00', 'closed', 4, 20, '2025-11-21 12:00:00', '2025-11-21 12:00:00'),
  -- At another customer's property, and by another customer's man in another customer's event.
  (21, 'KPQ7W2M9X', 1, 21, 'Sub', 21, '2025-11-21 05:00:00', '2025-11-21 06:00:00', 'closed', 4, 20, '2025-11-21 12:00:00', '2025-11-21 12:00:00'),
  (22, 'KPQ7W2M9X', 20, 5, 'Sub', 3, '2025-11-21 07:00:00', '2025-11-21 08:00:00', 'closed', 4, 4, '2025-11-21 12:00:00', '2025-11-21 12:00:00');
insert into green_services_logs values (20, 20, 21, 'Sub', 'Sub', '2025-09-10 09:00:00', '2025-09-10 10:00:00', 'Labor', null, 1, null);
insert into sms_conversations values (20, 21, '7165550120', 'idle', null, null, null, null);
insert into sms_messages values (20, 20, '7165550120', 'inbound', 'HELP', null, null, 0, null, '2025-11-22 12:00:00');
insert into routes values (20, 1, 20, 'Theirs', null, 0, '2025-10-01 12:00:00');
insert into route_properties values (20, 20, 1, null, null), (20, 1, 2, null, null);
