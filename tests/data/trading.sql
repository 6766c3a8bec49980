-- A wholesaler's database in the manner of Northwind: no updated_at, text keys of fixed length, composite keys, pictures.
create table categories (category_id smallint primary key, category_name varchar(15) not null, description text, picture bytea);
create table suppliers (supplier_id smallint primary key, company_name varchar(40) not null unique, contact_name varchar(30),
    region varchar(15), fax varchar(24), homepage text);
create table shippers (shipper_id smallint primary key, company_name varchar(40) not null, phone varchar(24));
create table products (product_id smallint primary key, product_name varchar(40) not null, supplier_id smallint references suppliers,
    category_id smallint references categories, unit_price real, units_in_stock smallint, discontinued integer not null);
create table customers (customer_id char(5) primary key, company_name varchar(40) not null, contact_name varchar(30));
create table customer_demographics (customer_type_id char(5) primary key, customer_desc text);
create table customer_customer_demo (customer_id char(5) references customers, customer_type_id char(5) references
    customer_demographics, primary key (customer_id, customer_type_id));
create table employees (employee_id smallint primary key, last_name varchar(20) not null, birth_date date, hire_date date,
    photo bytea, notes text, reports_to smallint references employees);
create table region (region_id smallint primary key, region_description varchar(60) not null);
create table territories (territory_id varchar(20) primary key, territory_description varchar(60) not null,
    region_id smallint not null references region);
create table employee_territories (employee_id smallint references employees, territory_id varchar(20) references territories,
    primary key (employee_id, territory_id));
create table orders (order_id integer primary key, customer_id char(5) references customers, employee_id smallint references
    employees, order_date date, ship_via smallint references shippers, freight real, ship_name varchar(40));
create table order_details (order_id integer references orders, product_id smallint references products, unit_price real not null,
    quantity smallint not null, discount real not null, primary key (order_id, product_id));
create table us_states (state_id smallint primary key, state_name varchar(100), state_abbr varchar(2), state_region varchar(50));
insert into categories select n, 'kind ' || n, 'all of kind ' || n, decode(repeat(to_hex(n + 160), n), 'hex') from generate_series(1, 8) n;
insert into suppliers select n, 'supplier ' || n, null, nullif('north', 'n' || n), '+49 ' || n, 'https://s' || n || '.example'
from generate_series(1, 9) n;
insert into shippers values (1, 'Slow & Steady', '(503) 555-0101'), (2, 'Schnell', null);
insert into products select n, 'product ' || n, 1 + n % 9, 1 + n % 8, n / 3.0, n * 3, n % 2 from generate_series(1, 77) n;
insert into customers select upper(substr(md5(n::text), 1, 5)), 'Käufer ' || n, 'Ms ' || n from generate_series(1, 91) n;
insert into customers values ('AB', 'Short & Co', null);
insert into customer_demographics values ('LARGE', 'buys much'), ('S', null);
insert into customer_customer_demo select customer_id, 'S' from customers where customer_id < '5';
insert into employees values (2, 'Fuller', '1952-02-19', '1992-08-14', '\x00ff', 'says "no"', null);
insert into employees values (1, 'Davolio', '1948-12-08', '1992-05-01', null, E'two\nlines', 2), (5, 'Ng', null, null, '', '', 2);
insert into region values (1, 'Eastern   '), (2, 'Western');
insert into territories select lpad(n::text, 5, '0'), 'place ' || n, 1 + n % 2 from generate_series(1, 53) n;
insert into employee_territories select 5, territory_id from territories where territory_id < '00020';
insert into orders select n, (array['AB', null])[1 + n % 2], (array[1, 2, 5])[1 + n % 3], '1996-07-04'::date + n, 1 + n % 2, n / 7.0,
    'ship ' || n from generate_series(10248, 10447) n;
insert into order_details select o.order_id, p.n, p.n * 0.1, o.order_id % 50 + 1, (p.n % 4) * 0.05
from orders o cross join generate_series(1, 5) as p (n);
insert into us_states select n, 'state ' || n, chr(64 + n) || 'X', 'south' from generate_series(1, 26) n;
