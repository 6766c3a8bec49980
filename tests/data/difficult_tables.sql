-- Tables made to be difficult to extract.
create domain cents as numeric(8,2) check (value >= 0);
create domain tips as cents;
create table "Odd ""names""" (
    "select" int primary key, "Ünï" tips, exact numeric, tiny numeric(5,2), huge numeric(40,2), ragged int[], flat text[],
    stamps timestamptz[], at timestamptz, local timestamp, day date, clock time, span interval, zoned timetz, bytes bytea,
    document jsonb, address inet, id uuid, bits bit(3), big bigint, letter char(3), flag boolean
);
insert into "Odd ""names""" values
    (1, 1.10, 12345678901234567890.123456789012345678901234567890, 'NaN', 10e35, '{{1,2},{3,4}}', '{a,NULL,"b,c"}',
     '{2026-03-01 12:00+02}', '2026-03-01 12:00+02', 'infinity', '-infinity', '24:00', '1 mon 2 days 00:00:00.000001',
     '12:00+02', '\x00ff', '{"a": 0.10}', '::1', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '101', 9223372036854775807,
     'x', true);
insert into "Odd ""names""" values (2);
create table parents (id int primary key);
create table children (extra text) inherits (parents);
insert into parents values (1);
insert into children values (2, 'x');
create table parts (id int, day date, primary key (day, id)) partition by range (day);
create table parts_2026 partition of parts for values from ('2026-01-01') to ('2027-01-01');
insert into parts values (1, '2026-03-01');
create temp table passing (id int);
create view looking as select * from parents;
