/** The bearings of machines: what each is, and its newest reading. Answers: which ones are there? */
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import { type Json, streamOf } from "../events/vocabulary.ts";
import type { Circumstances } from "../models/waveforms/reading.ts";
import { getDevice } from "./devices.ts";
import type { Projection } from "./projection.ts";
import { bearingOf } from "./vibration.ts";

export interface Bearing {
  readonly stream: string;
  readonly bearing: string;
  /** As it was described; null for one that has only reported. */
  description: Json | null;
  readings: number;
  /** Of the newest reading, by its own time (epoch ms); null before the first. */
  lastAt: number | null;
  lastVersion: number | null;
  status: string | null;
}

export const bearings: Projection<Bearing> = {
  name: "bearings",
  version: 1,
  handles: new Set(["BearingDescribed", "VibrationReported"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      bearing text collate "C" not null,
      description json,
      readings bigint not null,
      last_at timestamptz,
      last_version integer,
      status text,
      primary key (stream, bearing)
    ) with (fillfactor = 70)`,

  keysOf: ({ stream, type, data }) => [
    `${stream}|${bearingOf(type === "BearingDescribed" ? data._id : data.bearingId)}`,
  ],

  async load(sql, table, keys) {
    const places = keys.map(placeOf);
    const rows = await sql<(Bearing & { key: string })[]>`
      select key, ${sql.unsafe(COLUMNS)} from ${sql(table)} join unnest(
        ${[...keys]}::text[], ${places.map(({ stream }) => stream)}::text[],
        ${places.map(({ bearing }) => bearing)}::text[]
      ) as wanted (key, stream, bearing) using (stream, bearing)`;
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  },

  fold(row, { type, data, occurredAt, version }, key) {
    const bearing = row ?? begin(key);
    if (type === "BearingDescribed") {
      bearing.description = { ...bearing.description, ...data };
      return bearing;
    }
    bearing.readings++;
    if (bearing.lastAt === null || occurredAt >= bearing.lastAt) {
      bearing.lastAt = occurredAt;
      bearing.lastVersion = version;
      bearing.status = typeof data.status === "string" ? storable(data.status) : null;
    }
    return bearing;
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      ...row,
      description: row.description === null ? null : JSON.stringify(row.description),
      lastAt: row.lastAt === null ? null : sqlInstant(row.lastAt),
    }));
    await tx`
      insert into ${tx(table)} (stream, bearing, description, readings, last_at, last_version,
        status)
      select stream, bearing, description::json, readings, "lastAt", "lastVersion", status
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, bearing text, description text, readings bigint, "lastAt" timestamptz,
        "lastVersion" integer, status text)
      on conflict (stream, bearing) do update set
        description = excluded.description, readings = excluded.readings,
        last_at = excluded.last_at, last_version = excluded.last_version,
        status = excluded.status`;
  },
};

const COLUMNS = `stream, bearing, description, readings, last_at as "lastAt",
  last_version as "lastVersion", status`;

/** A bearing may be called anything; a stream has no bar in it. */
function placeOf(key: string): { stream: string; bearing: string } {
  const bar = key.indexOf("|");
  return { stream: key.slice(0, bar), bearing: key.slice(bar + 1) };
}

function begin(key: string): Bearing {
  const empty = { description: null, readings: 0, lastAt: null, lastVersion: null, status: null };
  return { ...placeOf(key), ...empty };
}

/** More than a fleet of tens of thousands of machines has. */
const BEARINGS_MAX = 100_000;

/** Bearings of one machine, or of all; those without a name are no bearings. */
export async function listBearings(sql: Sql, machineId?: string): Promise<Bearing[]> {
  return await sql<Bearing[]>`
    select ${sql.unsafe(COLUMNS)} from bearings
    where bearing <> ''
      ${machineId === undefined ? sql`` : sql`and stream = ${streamOf("machine", machineId)}`}
    order by stream, bearing limit ${BEARINGS_MAX}`;
}

/** One bearing; "" is the machine itself. */
export async function getBearing(
  sql: Sql,
  machineId: string,
  bearing: string,
): Promise<Bearing | undefined> {
  const [row] = await sql<Bearing[]>`
    select ${sql.unsafe(COLUMNS)} from bearings
    where stream = ${streamOf("machine", machineId)} and bearing = ${bearing}`;
  return row;
}

/** Versions of the newest reading of each of a machine's bearings, in its stream. */
export async function newestVersions(sql: Sql, machineId: string): Promise<number[]> {
  const rows = await sql<{ version: number }[]>`
    select last_version as version from bearings
    where stream = ${streamOf("machine", machineId)} and last_version is not null
    order by bearing`;
  return rows.map(({ version }) => version);
}

export async function countBearings(sql: Sql): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*) as n from bearings where bearing <> ''`;
  return row?.n ?? 0;
}

/** How readings of a bearing are to be judged, as far as that was told. */
export async function circumstancesOf(
  sql: Sql,
  machineId: string,
  bearing: string,
): Promise<Circumstances> {
  const [machine, described] = await Promise.all([
    getDevice(sql, "machine", machineId),
    getBearing(sql, machineId, bearing),
  ]);
  return {
    machineClass: machine?.attributes.machineClass,
    geometry: described?.description?.geometry,
  } as Circumstances;
}
