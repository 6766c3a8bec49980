-- A music shop's database in the manner of Chinook: quoted names with capitals, and what other people's databases have.
create schema "Archive";
create type mood as enum ('calm', 'loud');
create type colour as (r int, g int);
create table "Artist" ("ArtistId" int primary key, "Name" varchar(120));
create table "Album" ("AlbumId" int primary key, "Title" varchar(160) not null, "ArtistId" int not null references "Artist");
create table "Employee" ("EmployeeId" int primary key, "LastName" varchar(20) not null, "ReportsTo" int references "Employee",
    "BirthDate" timestamp, "Email" varchar(60));
create table "Customer" ("CustomerId" int primary key, "FirstName" varchar(40) not null, "Email" varchar(60) not null,
    "SupportRepId" int references "Employee", "is_deleted" boolean not null default false, "raw_line" text);
create table "Genre" ("GenreId" int primary key, "Name" varchar(120));
create table "MediaType" ("MediaTypeId" int primary key, "Name" varchar(120));
create table "Track" ("TrackId" int primary key, "Name" varchar(200) not null, "AlbumId" int references "Album", "MediaTypeId" int
    not null references "MediaType", "GenreId" int references "Genre", "Milliseconds" int not null, "Bytes" int,
    "UnitPrice" numeric(10,2) not null, "order" int, "Size in ms" text, "Mood" mood, "colour" colour, "Tags" text[]);
create table "Playlist" ("PlaylistId" int primary key, "Name" varchar(120));
create table "PlaylistTrack" ("PlaylistId" int references "Playlist", "TrackId" int references "Track",
    primary key ("PlaylistId", "TrackId"));
create table "Invoice" ("InvoiceId" int primary key, "CustomerId" int not null references "Customer", "InvoiceDate" timestamp not null,
    "Total" numeric(10,2) not null, "ModifiedDate" timestamptz not null default now());
create table "InvoiceLine" ("InvoiceLineId" int primary key, "InvoiceId" int not null references "Invoice", "TrackId" int not null,
    "UnitPrice" numeric(12,3) not null, "Quantity" int not null);
create table "Archive"."Invoice" ("Id" uuid primary key, id bigint, "Total" numeric, details jsonb, took interval, at time,
    span tstzrange, weight double precision, "valid_from" date, flags bit(3), since date);
create table "Settings" (key text primary key, value text, "table" text);
create table rules (code text not null unique, "valid_to" timestamptz);
create table shares ("PlaylistId" int, "TrackId" int, who text, at timestamptz, primary key ("PlaylistId", "TrackId", who),
    foreign key ("PlaylistId", "TrackId") references "PlaylistTrack");
create table listened ("TrackId" int);
create table "Concert" (id int primary key, place text) partition by range (id);
create table concerts_early partition of "Concert" for values from (0) to (100);
create table concerts_late partition of "Concert" for values from (100) to (1000);
create table media (id int primary key, title text);
create table tapes (length real) inherits (media);
create view loud as select * from "Track" where "Mood" = 'loud';
create materialized view totals as select "CustomerId", sum("Total") from "Invoice" group by 1;
comment on column "Track"."UnitPrice" is 'What a track costs, "net", in the currency of the shop; nobody has ever written down which
one that is, and this remark goes on for long enough not to fit into one line of a contract.';
insert into "Artist" select n, 'artist ' || n from generate_series(1, 30) n;
insert into "Album" select n, 'album ' || n, 1 + n % 30 from generate_series(1, 60) n;
insert into "Employee" values (1, 'Adams', null, '1962-02-18', 'a@shop.example'), (2, 'Edwards', 1, null, null);
insert into "Customer" select n, 'c' || n, 'c' || n || '@mail.example', 2, n % 7 = 0, 'line ' || n from generate_series(1, 59) n;
insert into "Genre" values (1, 'Rock'), (2, null);
insert into "MediaType" values (1, 'MPEG'), (2, 'AAC');
insert into "Track" select n, 'track ' || n, 1 + n % 60, 1 + n % 2, 1 + n % 2, n * 1000, n * 4096, 0.99 + n % 2, n,
    'x', (array['calm', 'loud'])[1 + n % 2]::mood, row(n, 1)::colour, array['t' || n, null] from generate_series(1, 350) n;
insert into "Playlist" values (1, 'all'), (2, 'none');
insert into "PlaylistTrack" select 1, n from generate_series(1, 350) n;
insert into "Invoice" select n, 1 + n % 59, '2009-01-01'::timestamp + n * '1 day'::interval, n * 0.99, '2020-01-01Z'
from generate_series(1, 90) n;
insert into "InvoiceLine" select n, 1 + n % 90, n, 0.995, 1 from generate_series(1, 300) n;
insert into "Archive"."Invoice" select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, n, n / 3.0, '{"a": [1, null]}',
    '1 day', '24:00', '[2020-01-01,)', n / 7.0, '2020-01-01', b'101', '2019-12-31' from generate_series(1, 20) n;
insert into "Settings" values ('volume', '11', 'none'), ('', null, null);
insert into rules values ('A', null), ('B', '2026-01-01Z');
insert into shares select 1, n, 'friend', '2026-01-01Z' from generate_series(1, 40) n;
insert into listened values (1), (1);
insert into "Concert" select n, 'hall ' || n from generate_series(1, 200, 9) n;
insert into media values (1, 'book');
insert into tapes values (2, 'tape', 1.5);
