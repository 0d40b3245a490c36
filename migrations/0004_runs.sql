-- When Telltale was up: one row per process, moved on while it lives.
create table runs (
  id uuid primary key,
  started_at timestamptz not null,
  alive_at timestamptz not null
);
create index runs_alive_at on runs (alive_at);
