-- Two addresses are one where they differ in capitals, in blanks, in how an accent is written, or by what nobody sees.
-- The server stores them composed and with single blanks (server/field/text.go); what is stored already is brought
-- into that form here.
alter table portal.locations drop constraint one_property_per_address;

update portal.locations l
set address = t.tidy
from (
  select p.customer_id, p.id,
    btrim(regexp_replace(
      normalize(
        regexp_replace(
          p.address,
          '[\u0001-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]',
          '', 'g'),
        nfc),
      '[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g')) as tidy
  from portal.locations p
) t
where (l.customer_id, l.id) = (t.customer_id, t.id)
  and l.address <> t.tidy
  and t.tidy <> '';

do $$
declare
  twins text;
begin
  select string_agg(format('customer %s: properties %s', t.customer_id, t.ids), '; ')
  into twins
  from (
    select l.customer_id, string_agg(l.id::text, ', ' order by l.id) as ids
    from portal.locations l
    group by l.customer_id, lower(l.address collate "und-x-icu")
    having count(*) > 1
    order by l.customer_id, min(l.id)
    limit 20
  ) t;
  if twins is not null then
    raise exception 'these properties have the same address, but for capitals, blanks and what nobody sees: %. Delete one of each, or add to its address what tells it from the other (a building, a unit), and migrate again', twins
      using errcode = 'unique_violation';
  end if;
end
$$;

alter table portal.locations
  add column address_key text collate "und-x-icu" not null generated always as (lower(address collate "und-x-icu")) stored
    constraint address_key_is_at_most_765_characters check (char_length(address_key) <= 765),
  add constraint one_property_per_address unique (customer_id, address_key);

comment on column portal.locations.address_key is 'What makes two addresses one.';

---- create above / drop below ----

alter table portal.locations
  drop column address_key,
  add constraint one_property_per_address unique (customer_id, address);
