-- 0, 0 is what programs say that know no position: it is a place in the sea, and no map should show it.
update portal.locations set latitude = null, longitude = null where latitude = 0 and longitude = 0;

update portal.event_checkins
set last_location_lat = null, last_location_lon = null, last_location_update = null
where last_location_lat = 0 and last_location_lon = 0;

update portal.weather_data set latitude = null, longitude = null where latitude = 0 and longitude = 0;

alter table portal.locations
  add constraint position_0_0_is_none check (latitude <> 0 or longitude <> 0);
alter table portal.event_checkins
  add constraint position_0_0_is_none check (last_location_lat <> 0 or last_location_lon <> 0);
alter table portal.weather_data
  add constraint position_0_0_is_none check (latitude <> 0 or longitude <> 0);

---- create above / drop below ----

alter table portal.locations drop constraint position_0_0_is_none;
alter table portal.event_checkins drop constraint position_0_0_is_none;
alter table portal.weather_data drop constraint position_0_0_is_none;
