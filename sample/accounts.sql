-- The application's database that the source `accounts` reads: who uploads photos, with which cameras.
-- The one place where its tables are spelled; the contracts users, cameras and photos describe the same columns.

create table if not exists users (
    user_id    bigint primary key,
    user_name  text not null,
    email      text,
    country    text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table if not exists cameras (
    camera_id  bigint primary key,
    user_id    bigint not null references users,
    maker      text not null,
    model      text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table if not exists photos (
    photo_id    bigint primary key,
    user_id     bigint not null references users,
    camera_id   bigint references cameras,
    path        text not null,
    file_bytes  bigint not null,
    uploaded_at timestamptz not null,
    updated_at  timestamptz not null
);

create index if not exists users_updated_at on users (updated_at);
create index if not exists cameras_updated_at on cameras (updated_at);
create index if not exists photos_updated_at on photos (updated_at);
create index if not exists cameras_user_id on cameras (user_id);
create index if not exists photos_user_id on photos (user_id);
create index if not exists photos_camera_id on photos (camera_id);
