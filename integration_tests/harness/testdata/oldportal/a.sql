-- The first generation, as a dump of April 2025 had it.
create table users (
  id int not null auto_increment primary key,
  name varchar(255), phone varchar(20), email varchar(255) null unique,
  role enum('Admin', 'Manager', 'Subcontractor') not null, password varchar(255)
);
insert into users values
  (1, 'Ada Office', '(716) 555-0100', 'Ada@Old.Example', 'Admin', '$2a$04$FvGSOo7Nd2aNZfmKxf5Kqupf9L1pyEeCHPpzKcY3BdVgxsy7eep5i'),
  (2, 'Manny  Manager', '716-555-0101', 'manny@old.example', 'Manager', 'plain words'),
  -- Nobody's e-mail, and no number.
  (4, 'Sven Shoveller', 'ask Ada', null, 'Subcontractor', null),
  (9, 'Backdoor', null, 'maker@old.example', 'Admin', '$2a$04$Qxy2dcJ/aeq.tITCJ5EYHOVCN.BGhlyXa/x3fkv4G/uXnupjZpj2y');

create table locations (
  id int not null auto_increment primary key,
  name varchar(255) not null, address varchar(255) not null, sqft int, area_manager varchar(100), plow tinyint(1), salt tinyint(1), notes text
);
insert into locations values
  (1, 'North Plaza', '1 North Street', 12000, 'Manny', 1, 1, 'gate 12'),
  -- The same address, but for capitals and blanks.
  (2, 'North Plaza, back', '1  north street', 4000, 'Manny', 1, 0, null),
  (3, 'CafÃ© Rosalie', '3 Rue de lâ€™Ã‰glise', null, null, 0, null, ''),
  (5, '', '5 South Street', -5, 'Ada', 1, 1, null);

create table winter_ops_logs (
  id int not null auto_increment primary key,
  property_id int not null, subcontractor_name varchar(255), time_in datetime, time_out datetime,
  bulk_salt_qty decimal(10,2), bag_salt_qty decimal(10,2), calcium_chloride_qty decimal(10,2), customer_provided tinyint(1), notes text
);
insert into winter_ops_logs values
  (1, 1, 'Shoveller, Sven', '2025-01-10 05:00:00', '2025-01-10 07:30:00', 1.50, 2, null, 0, 'first snow'),
  (2, 1, 'undefined', '2025-01-10 22:00:00', '2025-01-11 01:15:00', null, null, null, null, null),
  -- It ended before it began.
  (3, 2, 'Shoveller, Sven', '2025-01-12 08:00:00', '2025-01-12 07:00:00', 0.25, 1, 0, 1, 'late'),
  (4, 3, '', '2025-01-12 08:00:00', null, 0, 0, 0, 0, ''),
  (5, 3, 'Zero', '0000-00-00 00:00:00', '2025-01-13 08:00:00', 0, 0, 0, 0, ''),
  (6, 3, 'Zero', '0000-00-00 00:00:00', '0000-00-00 00:00:00', 0, 0, 0, 0, ''),
  -- A property that is gone.
  (7, 77, 'Shoveller, Sven', '2025-01-10 05:00:00', '2025-01-10 07:30:00', 1, 1, 1, 0, null),
  (8, 5, 'Minus', '2025-01-10 05:00:00', '2025-01-10 07:30:00', -1, 1, 1, 0, null),
  -- The hour that there is twice.
  (9, 5, 'Autumn', '2024-11-03 01:45:00', '2024-11-03 01:15:00', 3.33, 0, 0, 0, null);

create table green_services (
  id int not null auto_increment primary key,
  property_id int, date date, time_in time, time_out time, subcontractor_name varchar(255), product_id int, product_quantity decimal(10,2), notes text
);
insert into green_services values
  (1, 1, '2024-06-01', '08:00:00', '09:30:00', 'Gardener, Gil', 1, 2.5, 'spring'),
  (2, 1, '2024-06-02', '08:00:00', null, null, 9, null, null);

create table green_services_logs (
  id int not null auto_increment primary key,
  property_id int not null, subcontractor_name varchar(255), time_in datetime, time_out datetime, service_type varchar(100), products_used text,
  quantity_used decimal(10,2), notes text
);
insert into green_services_logs values
  (1, 2, 'Gardener, Gil', '2025-04-01 09:00:00', '2025-04-01 10:00:00', 'Mowing', 'Mulch', 3, null),
  (2, 2, null, '2025-04-02 09:00:00', '2025-04-02 10:00:00', '', null, null, null);

create table winter_products (id int not null auto_increment primary key, name varchar(255), unit varchar(50) null);
insert into winter_products values (1, 'Bulk Salt', 'yards'), (2, 'Calcium Chloride', null), (3, 'bulk salt', 'Yards');
create table landscape_products (id int not null auto_increment primary key, name varchar(255), unit varchar(50), description text);
insert into landscape_products values (1, 'Mulch', 'yards', 'brown'), (2, 'Seed', 'lbs', null);

create table admin_settings (id int not null auto_increment primary key, setting varchar(255) unique, value varchar(255));
insert into admin_settings values (1, 'signup_notification_email', 'ada@old.example');

create table signup_requests (
  id int not null auto_increment primary key, name varchar(255), phone varchar(20), email varchar(255), role enum('Manager', 'Subcontractor'),
  request_date timestamp default current_timestamp
);
insert into signup_requests values
  (1, 'New Ned', '716 555 0107', 'ned@old.example', 'Subcontractor', '2025-03-01 12:00:00'),
  (2, 'Ada again', null, 'ada@old.example', 'Manager', '2025-03-02 12:00:00');

create table invoices (id int not null auto_increment primary key, amount decimal(10,2), api_token varchar(50));
insert into invoices values (1, 120.5, 'token-of-an-invoice');
create table subcontractors (id int not null auto_increment primary key, name varchar(255));
insert into subcontractors values (1, 'Sven''s Shovels');
create table timesheets (id int not null auto_increment primary key, hours decimal(10,2));
