-- A stream's events are found by stretches of 32 versions (`events/log/versions.ts`): such an index
-- is a fifth of the size of one that names every version, and costs half as much to append to.
create index events_stream_stretch on events (stream, (version >> 5));
drop index events_stream_version;
