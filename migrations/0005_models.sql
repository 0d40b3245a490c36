-- The files of trained models, by the SHA-256 of their bytes. What is known of each, and which is in
-- force, is in the log; the bytes cannot be rebuilt from it.
create table model_files (
  sha256 text primary key,
  stream text not null,
  onnx bytea not null,
  -- The order by which the log will hear of it; null once it has. A model may be trained while no
  -- Telltale runs.
  untold json,
  made_at timestamptz not null default now()
);
create index model_files_untold on model_files (made_at) where untold is not null;

-- Which models has a device, and which is in force? A step or two of an index, however much it said.
create index events_models on events (stream, version)
  where type in ('ModelTrained', 'ModelPromoted');
