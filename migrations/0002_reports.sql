-- Reports: what was asked for, how far it is, and the file it became. No read model: the log does
-- not know who asked, and a rebuild leaves them alone.

-- A report to be made again and again.
create table recurring_reports (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  cron text not null,
  -- IANA name; the cron expression is of its wall clock.
  zone text not null,
  request json not null,
  created_at timestamptz not null default now(),
  -- In the past when the moment was missed: then it is made up for, once.
  next_at timestamptz not null,
  last_at timestamptz
);
create index on recurring_reports (next_at);

create table reports (
  -- In the order of asking; whoever makes the report holds an advisory lock on it.
  number bigint generated always as identity primary key,
  id uuid not null unique default gen_random_uuid(),
  recurring uuid references recurring_reports on delete set null,
  request json not null,
  -- Offset per partition that the read models must have reached: the end of the log when it was asked for.
  after json not null,
  state text not null default 'queued'
    check (state in ('queued', 'running', 'finished', 'failed', 'cancelled')),
  -- Raised by everyone who takes it up: whoever was overtaken can finish nothing.
  attempt integer not null default 0,
  stores_done integer not null default 0,
  stores_total integer,
  -- Why it failed.
  reason text,
  -- The file, and its length in bytes before compression.
  file bytea,
  file_bytes bigint,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz
);
-- Compressed by us.
alter table reports alter column file set storage external;
create index on reports (number) where state in ('queued', 'running');
create index on reports (ended_at);
