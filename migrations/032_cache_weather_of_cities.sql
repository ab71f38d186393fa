-- A city is a place that is asked for, too.
alter table portal.weather_data
  drop constraint location_key_is_a_coordinate_or_a_zip,
  add constraint location_key_is_a_coordinate_a_zip_or_a_city check (location_key ~ '^(coord|zip|city):.') not valid;
alter table portal.weather_data validate constraint location_key_is_a_coordinate_a_zip_or_a_city;

---- create above / drop below ----

delete from portal.weather_data where location_key ~ '^city:';
alter table portal.weather_data
  drop constraint location_key_is_a_coordinate_a_zip_or_a_city,
  add constraint location_key_is_a_coordinate_or_a_zip check (location_key ~ '^(coord|zip):.');
