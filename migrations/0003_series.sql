-- Which models have been fitted since a place in the log? A node asks this for every answer that may
-- depend on a fit made elsewhere, so it must not read the readings in between.
create index events_models_fitted on events (partition, "offset")
  where type = 'SeriesModelFitted';

-- How often was each model asked, hour by hour? Questions are no events: these counts cannot be
-- rebuilt, and lose the last seconds when a process is killed.
create table series_usage (
  hour timestamptz not null,
  series_id text not null,
  model_version text not null,
  predictions bigint not null,
  anomalies bigint not null,
  last_used_at timestamptz not null,
  primary key (hour, series_id, model_version)
);
