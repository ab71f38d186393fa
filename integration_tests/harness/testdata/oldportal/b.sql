-- The second generation, of November 2025 and later.
create table users (
  id int not null auto_increment primary key,
  tenant_id int default 1, name varchar(255), username varchar(100), email varchar(255) not null,
  phone varchar(20), phone_number varchar(20), sms_notifications_enabled tinyint(1) default 1, address text,
  role enum('Admin', 'Manager', 'Contractor', 'Subcontractor', 'User', 'Owner') default 'User', contractor_id int,
  password varchar(255), password_hash varchar(255), password_salt varchar(255),
  status enum('pending', 'active', 'suspended') default 'pending', display_name varchar(255), avatar_url varchar(512), last_login_at datetime null,
  default_equipment varchar(255), available_for_assignment tinyint(1) default 1, favourite_colour varchar(20),
  created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp
);
insert into users (id, name, email, phone, phone_number, role, contractor_id, password, password_hash, password_salt, status, last_login_at, created_at, updated_at) values
  (1, 'Ada Office', 'Ada@Old.Example', '716 555 0100', null, 'Admin', null, null, '$2a$04$FvGSOo7Nd2aNZfmKxf5Kqupf9L1pyEeCHPpzKcY3BdVgxsy7eep5i', 'salt', 'active', '2025-11-30 08:00:00', '2025-05-01 12:00:00', '2025-06-01 12:00:00'),
  (2, 'Manny Manager', 'manny@old.example', '716 555 0199', '716 555 0101', 'Manager', null, '$2a$04$Qxy2dcJ/aeq.tITCJ5EYHOVCN.BGhlyXa/x3fkv4G/uXnupjZpj2y', 'not a hash', null, 'active', null, '2025-05-01 12:00:00', '2025-05-01 12:00:00'),
  -- He works for somebody who comes later.
  (3, 'Sven Shoveller', 'sven@old.example', null, '7165550102', 'Subcontractor', 5, null, null, null, 'active', null, '2025-05-02 12:00:00', '2025-05-02 12:00:00'),
  (4, 'Own Boss', 'boss@old.example', null, '12', 'User', 4, null, null, null, 'suspended', null, '2025-05-02 12:00:00', '2025-05-02 12:00:00'),
  (5, 'Cora Contractor', 'cora@old.example', null, '+1 716 555 0103', 'Contractor', 99, null, null, null, 'active', null, '2025-05-02 12:00:00', '2025-05-02 12:00:00'),
  -- The same person once more, one without an address, and one whose address is none.
  (6, 'Sven S.', 'SVEN@old.example ', null, null, 'Subcontractor', null, null, null, null, 'active', null, '2025-05-03 12:00:00', '2025-05-03 12:00:00'),
  (7, 'Nora Nomail', '', null, null, 'User', null, null, null, null, 'active', null, '2025-05-03 12:00:00', '2025-05-03 12:00:00'),
  (8, 'Bad Mail', 'bad mail', null, null, 'Owner', null, null, null, null, 'pending', null, '2025-05-03 12:00:00', '2025-05-03 12:00:00'),
  (9, 'Maker', 'maker@old.example', null, null, 'Admin', null, null, '$2a$04$Qxy2dcJ/aeq.tITCJ5EYHOVCN.BGhlyXa/x3fkv4G/uXnupjZpj2y', null, 'active', null, '2025-05-03 12:00:00', '2025-05-03 12:00:00');

create table identities (
  id int not null auto_increment primary key, user_id int, provider varchar(50), provider_user_id varchar(255), email varchar(255),
  created_at timestamp default current_timestamp
);
insert into identities values
  (1, 1, 'google', 'g-1', 'ada@old.example', '2025-05-01 12:00:00'),
  (2, 2, 'apple', 'a-2', null, '2025-05-01 12:00:00'),
  (3, 99, 'google', 'g-99', null, '2025-05-01 12:00:00');

create table locations (
  id int not null auto_increment primary key,
  tenant_id int default 1, name varchar(255) not null, address varchar(255) not null, sqft int, area_manager varchar(100), plow tinyint(1), salt tinyint(1), notes text,
  trigger_type varchar(50), trigger_amount decimal(4,2), contract_tier varchar(50), open_by_time time, billing_type enum('hourly', 'per_occurrence') default 'hourly',
  plow_rate decimal(10,2), salt_rate decimal(10,2), sidewalk_deice_rate decimal(10,2), sidewalk_snow_rate decimal(10,2),
  latitude decimal(10,7), longitude decimal(10,7), show_on_weather_dashboard tinyint(1) default 1,
  created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp
);
insert into locations (id, name, address, sqft, area_manager, plow, salt, trigger_type, trigger_amount, contract_tier, open_by_time, billing_type, plow_rate, latitude, longitude, created_at, updated_at) values
  (1, 'North Plaza', '1 North Street', 12000, 'Manny', 1, 1, 'two_inch', 2.00, 'Premium', '06:30:00', 'per_occurrence', 85.50, 42.8864000, -78.8784000, '2025-05-01 12:00:00', '2025-05-01 12:00:00'),
  (2, 'South Plaza', '1 NORTH STREET', 4000, 'Manny', 1, 0, 'accumulation', 0.50, 'Gold', null, 'hourly', null, 0, 0, '2025-05-01 12:00:00', '2025-05-01 12:00:00'),
  (3, 'East Plaza', '3 East Street', null, null, 0, 0, 'event', null, null, '25:00:00', 'hourly', -1, 95.0, 10.0, '2025-05-01 12:00:00', '2025-05-01 12:00:00'),
  (4, 'West Plaza', '4 West Street', 1, null, 0, 0, null, null, 'basic', null, 'hourly', null, 42.1, null, '2025-05-01 12:00:00', '2025-05-01 12:00:00'),
  (5, 'Odd Plaza', '5 Odd Street', 1, null, 0, 0, 'one_inch', 3.00, 'Standard', null, 'hourly', null, null, null, '2025-05-01 12:00:00', '2025-05-01 12:00:00');

create table winter_products (id int not null auto_increment primary key, name varchar(255), unit varchar(50) not null, created_at timestamp default current_timestamp);
insert into winter_products values (1, 'Bulk Salt', 'tons', '2025-05-01 12:00:00');
create table landscape_products (id int not null auto_increment primary key, name varchar(255), unit varchar(50));
insert into landscape_products values (1, 'Mulch', 'yards');
create table equipment_rates (id int not null auto_increment primary key, tenant_id int default 1, equipment_name varchar(255) unique, hourly_rate decimal(10,2) default 0, description text);
insert into equipment_rates values (1, 1, 'Shovel', 30.00, 'his own'), (2, 1, 'Wheel Loader', 180.25, null);
create table admin_settings (id int not null auto_increment primary key, setting varchar(255) unique, value varchar(255));
insert into admin_settings values (1, 'signup_notification_email', 'ada@old.example');

create table winter_events (
  id int not null auto_increment primary key, tenant_id int default 1, event_name varchar(255) not null, description text, start_date datetime not null, end_date datetime null,
  status enum('active', 'completed', 'cancelled') default 'active', created_by int, created_at timestamp default current_timestamp, completed_at datetime null, updated_at timestamp default current_timestamp
);
insert into winter_events (id, event_name, start_date, end_date, status, created_by, created_at, updated_at) values
  (1, 'First', '2025-11-01 18:00:00', '2025-11-02 12:00:00', 'completed', 1, '2025-11-01 12:00:00', '2025-11-02 12:00:00'),
  (2, 'Second', '2025-11-10 18:00:00', null, 'active', 99, '2025-11-10 12:00:00', '2025-11-10 12:00:00'),
  (3, 'Called off', '2025-11-15 00:00:00', '2025-11-16 00:00:00', 'cancelled', null, '2025-11-15 12:00:00', '2025-11-15 12:00:00'),
  (4, 'Third', '2025-11-20 18:00:00', null, 'active', 1, '2025-11-20 12:00:00', '2025-11-20 12:00:00'),
  (5, 'Backwards', '2025-10-02 00:00:00', '2025-10-01 00:00:00', 'completed', 1, '2025-10-02 12:00:00', '2025-10-02 12:00:00');

create table property_contractors (
  id int not null auto_increment primary key, property_id int, contractor_id int, assigned_date timestamp default current_timestamp, is_primary tinyint(1) default 0,
  acceptance_status enum('pending', 'accepted', 'declined') null, accepted_at datetime null, declined_at datetime null, notes text
);
insert into property_contractors values
  (1, 1, 5, '2025-06-01 12:00:00', 1, 'accepted', '2025-06-02 08:00:00', null, null),
  (2, 1, 3, '2025-06-03 12:00:00', 1, 'declined', '2025-06-02 08:00:00', '2025-06-04 08:00:00', 'too far'),
  (3, 2, 3, '2025-06-03 12:00:00', 0, null, null, null, null),
  -- Sven's other account, whose assignment he has.
  (4, 2, 6, '2025-06-04 12:00:00', 1, 'pending', null, null, null),
  (5, 66, 3, '2025-06-04 12:00:00', 0, 'pending', null, null, null);
create table assignment_history (
  id int not null auto_increment primary key, tenant_id int default 1, assignment_type enum('property', 'route'), assignment_id int, user_id int, property_id int, route_id int,
  action enum('assigned', 'accepted', 'declined', 'started', 'completed'), action_timestamp timestamp default current_timestamp, notes text
);
insert into assignment_history values
  (1, 1, 'property', 1, 5, 1, null, 'accepted', '2025-06-02 12:00:00', null),
  (2, 1, 'property', 44, 3, 66, 1, 'declined', '2025-06-02 12:00:00', null),
  (3, 1, 'route', 1, 3, null, 1, '', '2025-06-02 12:00:00', null);

create table routes (id int not null auto_increment primary key, tenant_id int default 1, user_id int, name varchar(255), description text, is_template tinyint(1) default 0, created_at timestamp default current_timestamp);
insert into routes values (1, 1, 2, 'Morning', 'early', 0, '2025-06-01 12:00:00'), (2, 1, 99, 'Nobody''s', null, 1, '2025-06-01 12:00:00');
create table route_properties (route_id int, property_id int, sequence_order int, estimated_time_minutes int, notes text, primary key (route_id, property_id));
insert into route_properties values (1, 1, 1, 20, null), (1, 2, 2, null, 'behind'), (1, 88, 3, null, null), (2, 1, 1, null, null);
create table route_assignments (
  id int not null auto_increment primary key, route_id int, user_id int, assigned_at timestamp default current_timestamp,
  acceptance_status enum('pending', 'accepted', 'declined') default 'pending', accepted_at datetime null, declined_at datetime null, current_property_id int, current_property_started_at datetime null
);
insert into route_assignments values (1, 1, 3, '2025-06-05 12:00:00', 'accepted', '2025-06-05 13:00:00', null, 1, null);
create table property_lists (id int not null auto_increment primary key, name varchar(255), user_id int, is_shared tinyint(1) default 0, filters json, created_at timestamp default current_timestamp);
insert into property_lists values (1, 'All of mine', 2, 1, '{"plow": true}', '2025-06-01 12:00:00');
create table property_list_items (list_id int, property_id int, added_at timestamp default current_timestamp, primary key (list_id, property_id));
insert into property_list_items values (1, 1, '2025-06-01 12:00:00'), (1, 2, '2025-06-01 12:00:00');
create table property_lists_properties (list_id int, property_id int);
insert into property_lists_properties values (1, 2), (1, 3);

create table winter_ops_logs (
  id int not null auto_increment primary key, tenant_id int default 1, property_id int not null, contractor_id int, contractor_name varchar(255), worker_name varchar(255),
  equipment varchar(255), user_id int, time_in datetime, time_out datetime, status varchar(20), bulk_salt_qty decimal(10,2), bag_salt_qty decimal(10,2), calcium_chloride_qty decimal(10,2),
  customer_provided tinyint(1), notes text, winter_event_id int, route_id int, route_sequence int, route_status varchar(20), estimated_minutes int,
  created_at timestamp default current_timestamp, updated_at timestamp default current_timestamp
);
insert into winter_ops_logs (id, property_id, contractor_id, contractor_name, worker_name, equipment, user_id, time_in, time_out, status, bulk_salt_qty, bag_salt_qty, calcium_chloride_qty, notes, winter_event_id, created_at, updated_at) values
  (1, 1, 5, 'Cora Contractor', 'Shoveller, Sven', 'Shovel', 3, '2025-11-01 20:00:00', '2025-11-01 23:30:00', 'closed', 1.50, 2, 1, 'fine', 1, '2025-11-02 12:00:00', '2025-11-02 12:00:00'),
  (2, 1, 5, 'undefined', 'undefined', 'Shovel', 3, '2025-11-02 01:15:00', '2025-11-02 02:30:00', 'closed', null, null, null, null, null, '2025-11-02 12:00:00', '2025-11-02 12:00:00'),
  -- By hand in another event than that of its time.
  (3, 2, 6, 'Sven', 'Shoveller, Sven', null, 6, '2025-11-11 05:00:00', '2025-11-11 06:00:00', 'closed', 0.75, 0, 0, null, 1, '2025-11-11 12:00:00', '2025-11-11 12:00:00'),
  (4, 2, 5, 'Cora', 'Shoveller, Sven', 'Shovel', 3, '2025-11-21 05:00:00', '2025-11-21 04:00:00', 'closed', 1, 1, 1, 'odd', 88, '2025-11-21 12:00:00', '2025-11-21 12:00:00'),
  -- Two open tickets of one worker at one property.
  (5, 3, 5, 'Cora', 'Shoveller, Sven', 'Shovel', 3, '2025-11-22 05:00:00', null, 'open', 0, 0, 0, null, 4, '2025-11-22 12:00:00', '2025-11-22 12:00:00'),
  (6, 3, 5, 'Cora', 'shoveller, sven', 'Shovel', 3, '2025-11-22 06:00:00', null, 'closed', 0, 0, 0, null, 4, '2025-11-22 12:00:00', '2025-11-22 12:00:00'),
  (7, 1, 99, null, null, null, 9, '2025-11-23 06:00:00', '2025-11-23 07:00:00', null, 2, 0, 0, null, null, '2025-11-23 12:00:00', '2025-11-23 12:00:00');
insert into winter_ops_logs (id, property_id, route_id, route_sequence, route_status, user_id, time_in, status) values (8, 4, 1, 2, 'queued', 3, null, 'open');

create table event_checkins (
  id int not null auto_increment primary key, winter_event_id int, user_id int, checked_in_at datetime, checked_out_at datetime null, equipment_in_use varchar(255),
  status enum('checked_in', 'working', 'completed', 'unavailable') default 'checked_in', current_property_id int, last_location_lat decimal(10,7), last_location_lon decimal(10,7),
  last_location_update datetime null, notes text
);
insert into event_checkins values
  (1, 4, 3, '2025-11-20 19:00:00', null, 'Shovel', 'checked_in', null, 0, 0, '2025-11-20 19:00:00', null),
  (2, 4, 3, '2025-11-20 20:00:00', null, 'Shovel', 'working', 1, 42.9, -78.9, '2025-11-20 20:30:00', null),
  (3, 4, 5, '2025-11-20 20:00:00', '2025-11-20 19:00:00', null, 'completed', null, null, null, null, null);

create table green_services_logs (
  id int not null auto_increment primary key, property_id int not null, contractor_id int, contractor_name varchar(255), worker_name varchar(255), time_in datetime, time_out datetime,
  service_type varchar(100), products_used text, quantity_used decimal(10,2), notes text
);
insert into green_services_logs values (1, 2, 5, 'Cora', null, '2025-07-01 09:00:00', '2025-07-01 10:00:00', 'Mowing, Weed Eat/Edging', 'Mulch', 3.25, null);

create table sms_conversations (
  id int not null auto_increment primary key, user_id int, phone_number varchar(20), conversation_state varchar(50) default 'idle', active_ticket_id int, active_property_id int,
  context_data json, last_message_at timestamp null
);
insert into sms_conversations values
  (1, 3, '7165550102', 'awaiting_completion', 6, 3, '{"equipment": "Shovel"}', '2025-11-22 12:00:00'),
  (2, 5, '+17165550103', 'awaiting_completion', 1, 1, null, '2025-11-22 12:00:00'),
  (3, 2, 'none', 'idle', null, null, null, null);
create table sms_messages (
  id int not null auto_increment primary key, conversation_id int, phone_number varchar(20), direction enum('inbound', 'outbound'), message_body text, twilio_sid varchar(100),
  twilio_status varchar(50), ai_processed tinyint(1) default 0, ai_interpretation json, created_at timestamp default current_timestamp
);
insert into sms_messages values
  (1, 1, '7165550102', 'inbound', 'START', 'SM1', null, 0, null, '2025-11-22 12:00:00'),
  (2, null, '7165550102', 'outbound', 'Grüße', 'SM1', 'delivered', 0, '{"a": 1}', '2025-11-22 12:00:00');
create table sms_notification_preferences (id int not null auto_increment primary key, user_id int unique, notify_on_assignment tinyint(1) default 1, quiet_hours_start time, quiet_hours_end time);
insert into sms_notification_preferences values (1, 3, 0, '22:00:00', '05:00:00'), (2, 5, 1, '22:00:00', null);

create table api_keys (id int not null auto_increment primary key, tenant_id int default 1, key_name varchar(100), key_value text, user_id int, updated_at timestamp default current_timestamp);
insert into api_keys values
  (1, 1, 'openweather_api_key', 'planted-weather-key-of-the-company', null, '2025-06-01 12:00:00'),
  (2, 1, 'openai_api_key', 'planted-model-key-of-ada', 1, '2025-06-01 12:00:00'),
  (3, 1, 'mapbox_token', '', null, '2025-06-01 12:00:00');
create table jobber_credentials (id int not null auto_increment primary key, tenant_id int default 1, access_token text, refresh_token text, token_expires_at datetime, scope text);
insert into jobber_credentials values (1, 1, 'planted-jobber-access', 'planted-jobber-refresh', '2025-12-01 00:00:00', 'read');
create table jobber_client_mapping (id int not null auto_increment primary key, jobber_client_id varchar(255), jobber_client_name varchar(255), last_synced_at datetime, updated_at timestamp default current_timestamp);
insert into jobber_client_mapping values (1, 'JC1', 'North', '2025-06-01 12:00:00', '2025-06-01 12:00:00');
create table jobber_property_mapping (id int not null auto_increment primary key, jobber_client_id varchar(255), jobber_property_id varchar(255), jobber_property_address text, property_id int, sync_enabled tinyint(1) default 1);
insert into jobber_property_mapping values (1, 'JC1', 'JP1', '1 North Street', 1, 1), (2, 'JC1', 'JP2', 'gone', 66, 0);
create table jobber_sync_logs (id int not null auto_increment primary key, sync_type varchar(20), status varchar(20), items_processed int, started_at datetime, completed_at datetime null);
insert into jobber_sync_logs values (1, 'full', 'completed', 3, '2025-06-01 12:00:00', '2025-06-01 12:01:00'), (2, 'clients', 'started', null, '2025-06-02 12:00:00', null);
create table quickbooks_credentials (id int not null auto_increment primary key, tenant_id int default 1, realm_id varchar(255), access_token text, refresh_token text, token_expires_at datetime);
insert into quickbooks_credentials values (1, 1, '4620', 'planted-books-access', '', '2025-12-01 00:00:00');
create table quickbooks_customer_mapping (id int not null auto_increment primary key, property_id int unique, quickbooks_customer_id varchar(255), quickbooks_display_name varchar(255));
insert into quickbooks_customer_mapping values (1, 1, 'QC1', 'North Plaza');
create table quickbooks_invoices (id int not null auto_increment primary key, property_id int, winter_event_id int, quickbooks_invoice_id varchar(255), quickbooks_invoice_number varchar(100), total_amount decimal(10,2), status varchar(20), created_at timestamp default current_timestamp);
insert into quickbooks_invoices values (1, 1, 1, 'QI1', '1001', 250.75, 'sent', '2025-11-05 12:00:00'), (2, 2, 1, null, null, 10, 'sent', '2025-11-05 12:00:00');

create table weather_data (id int not null auto_increment primary key, payload json);
insert into weather_data values (1, '{}');
create table location_logs (id int not null auto_increment primary key, user_id int, latitude decimal(10,7));
insert into location_logs values (1, 3, 42.9), (2, 3, 43.0);
