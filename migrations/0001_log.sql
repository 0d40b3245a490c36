-- What was said, what was decided, in which order: the only tables that cannot be rebuilt.

-- Which log this is. A snapshot taken of another log is recognised by it and thrown away.
create table log_identity (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now()
);
insert into log_identity default values;

-- How far each partition is. Its owner moves this row by compare-and-set on `batch`, in the same
-- transaction as the events, so an owner that was replaced can append nothing.
create table partitions (
  partition integer primary key,
  batch bigint not null default 0,
  "offset" bigint not null default 0,
  -- Which history of the broker the sequences below belong to; raised when it lost or changed its past.
  epoch integer not null default 0,
  sequence bigint not null default 0,
  -- The broker's own timestamp of that message, in microseconds: how a rewritten history is recognised.
  sequence_time_us bigint not null default 0,
  -- When the broker says it created the JetStream stream; '' before the first connection.
  stream_created text not null default '',
  hash bytea not null default '\x'
);

-- One row per append. `hash` covers the previous hash, this row, its events and its quarantine rows.
create table batches (
  partition integer not null,
  batch bigint not null,
  first_offset bigint not null,
  last_offset bigint not null,
  epoch integer not null,
  first_sequence bigint not null,
  last_sequence bigint not null,
  -- Sequences whose message was recognised as one already recorded.
  repeats int8multirange not null default '{}',
  quarantined integer not null,
  recorded_at timestamptz not null,
  hash bytea not null,
  primary key (partition, batch)
);

-- Every fact. `data` is json, not jsonb: the bytes stay as they came, so hashes can be checked.
create table events (
  partition integer not null,
  "offset" bigint not null,
  stream text not null,
  version bigint not null,
  type text not null,
  schema_version smallint not null,
  data json not null,
  metadata json not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  primary key (partition, "offset", recorded_at)
) partition by range (recorded_at);
create table events_default partition of events default;
create index events_stream_version on events (stream, version);

-- What could not be understood, word for word, with the reason.
create table quarantine (
  partition integer not null,
  batch bigint not null,
  epoch integer not null,
  sequence bigint not null,
  subject text not null,
  headers json not null,
  payload bytea not null,
  code text not null,
  reason text not null,
  received_at timestamptz not null,
  recorded_at timestamptz not null,
  primary key (partition, epoch, sequence)
);

-- Which quarantined messages were sent again after a fix, and as which message.
create table quarantine_resubmissions (
  partition integer not null,
  epoch integer not null,
  sequence bigint not null,
  resubmitted_at timestamptz not null default now(),
  new_sequence bigint not null,
  primary key (partition, epoch, sequence)
);

-- How far each projection is. `generation` changes when a rebuild swaps its table, which tells a
-- follower that what it remembers is no longer what is stored.
create table projections (
  name text primary key,
  version integer not null,
  generation integer not null default 1,
  -- Why it stopped, or null while it runs.
  error text,
  updated_at timestamptz not null default now()
);
create table checkpoints (
  projection text not null,
  generation integer not null,
  partition integer not null,
  "offset" bigint not null,
  primary key (projection, generation, partition)
);
