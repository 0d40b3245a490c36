-- The samples behind a machine's reading, whose event holds what was found in them and their SHA-256.
-- What did it really look like? Kept for a while only: samples are heavy, and what they told is in
-- the log for ever.
create table waveforms (
  stream text collate "C" not null,
  -- Of the samples as they came, little-endian.
  sha256 text not null,
  encoding text not null check (encoding in ('int16', 'float32', 'float64')),
  -- g per count.
  scale double precision not null,
  -- Hz; null where the sender did not say.
  sample_rate double precision,
  samples integer not null,
  -- Deflated.
  bytes bytea not null,
  kept_at timestamptz not null default now(),
  primary key (stream, sha256)
);
alter table waveforms alter column bytes set storage external;
create index waveforms_kept_at on waveforms (kept_at);
