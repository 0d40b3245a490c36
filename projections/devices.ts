/** Every device as it is now. Answers: what have we, where is it, how is it? */
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { DEVICE_ID, deviceOf, isKind, type Kind, KINDS } from "../events/vocabulary.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { type Device, type DeviceRow, foldDevice, measuresOf } from "./device.ts";
import type { Projection } from "./projection.ts";
import { REPORTS } from "./reports.ts";

export type { Device } from "./device.ts";

export const devices: Projection<DeviceRow> = {
  name: "devices",
  version: 2,
  handles: new Set([
    ...REPORTS,
    "DeviceRegistered",
    "DeviceDescribed",
    "MachineDescribed",
    "BearingDescribed",
    "ScheduleSet",
    "StatusChanged",
    "DeviceFellSilent",
    "DeviceReturned",
    "SilenceConfigured",
    "AlarmRaised",
    "AlarmCleared",
    "DeviceDecommissioned",
    "DeviceRecommissioned",
  ]),

  // Every row is rewritten all the time: half a page is left free, so that it stays where it is.
  create: (table) => `
    create table ${table} (
      kind text collate "C" not null,
      id text collate "C" not null,
      name text,
      region text,
      location text,
      registry_status text,
      attributes json not null,
      status text,
      status_since timestamptz,
      silent boolean not null,
      silence_timeout_seconds double precision,
      first_seen_at timestamptz not null,
      last_seen_at timestamptz,
      last_at timestamptz,
      reports bigint not null,
      latest json,
      measure_names text[] not null,
      measure_values double precision[] not null,
      open_alarms integer not null,
      decommissioned boolean not null,
      primary key (kind, id)
    ) with (fillfactor = 50)`,

  keysOf: ({ stream }) => isKind(deviceOf(stream).kind) ? [stream] : [],

  async load(sql, table, keys) {
    const wanted = keys.map(deviceOf);
    const rows = await sql<(Device & { names: string[]; values: number[] })[]>`
      select ${sql.unsafe(DEVICE_COLUMNS)}, measure_names as names, measure_values as values
      from ${sql(table)} join unnest(
        ${wanted.map(({ kind }) => kind)}::text[], ${wanted.map(({ id }) => id)}::text[]
      ) as wanted (kind, id) using (kind, id)`;
    return new Map(rows.map(({ names, values, ...device }) => [
      `${device.kind}-${device.id}`,
      { ...device, measures: { names, values } },
    ]));
  },

  fold: foldDevice,

  async save(tx, table, rows) {
    const text = JSON.stringify([...rows.values()].map(toColumns));
    await tx`
      insert into ${tx(table)} (${tx.unsafe(COLUMNS.map(([name]) => name).join(", "))})
      select ${tx.unsafe(COLUMNS.map(([name, type]) => `${name}::${type}`).join(", "))}
      from json_to_recordset(${text}::text::json)
        as row (${tx.unsafe(COLUMNS.map(toRecordColumn).join(", "))})
      on conflict (kind, id) do update
        set ${
      tx.unsafe(COLUMNS.slice(2).map(([name]) => `${name} = excluded.${name}`).join(", "))
    }`;
  },
};

export const DEVICE_COLUMNS = `
  kind, id, name, region, location, registry_status as "registryStatus", attributes, status,
  status_since as "statusSince", silent, silence_timeout_seconds as "silenceTimeoutSeconds",
  first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", last_at as "lastAt", reports,
  latest, open_alarms as "openAlarms", decommissioned`;

/** JSON inside is sent as text: PostgreSQL refuses some escapes when it looks into JSON. */
function toRecordColumn([name, type]: readonly [string, string]): string {
  return `${name} ${type === "json" ? "text" : type}`;
}

const COLUMNS = [
  ["kind", "text"],
  ["id", "text"],
  ["name", "text"],
  ["region", "text"],
  ["location", "text"],
  ["registry_status", "text"],
  ["attributes", "json"],
  ["status", "text"],
  ["status_since", "timestamptz"],
  ["silent", "boolean"],
  ["silence_timeout_seconds", "double precision"],
  ["first_seen_at", "timestamptz"],
  ["last_seen_at", "timestamptz"],
  ["last_at", "timestamptz"],
  ["reports", "bigint"],
  ["latest", "json"],
  ["measure_names", "text[]"],
  ["measure_values", "double precision[]"],
  ["open_alarms", "integer"],
  ["decommissioned", "boolean"],
] as const;

function toColumns(row: DeviceRow): Record<typeof COLUMNS[number][0], unknown> {
  const { names, values } = measuresOf(row);
  return {
    kind: row.kind,
    id: row.id,
    name: row.name,
    region: row.region,
    location: row.location,
    registry_status: row.registryStatus,
    attributes: JSON.stringify(row.attributes),
    status: row.status,
    status_since: instantOrNull(row.statusSince),
    silent: row.silent,
    silence_timeout_seconds: row.silenceTimeoutSeconds,
    first_seen_at: sqlInstant(row.firstSeenAt),
    last_seen_at: instantOrNull(row.lastSeenAt),
    last_at: instantOrNull(row.lastAt),
    reports: row.reports,
    latest: row.latest === null ? null : JSON.stringify(row.latest),
    measure_names: names,
    measure_values: values,
    open_alarms: row.openAlarms,
    decommissioned: row.decommissioned,
  };
}

function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : sqlInstant(ms);
}

export async function getDevice(sql: Sql, kind: string, id: string): Promise<Device | undefined> {
  const [device] = await sql<Device[]>`
    select ${sql.unsafe(DEVICE_COLUMNS)} from devices where kind = ${kind} and id = ${id}`;
  return device;
}

export interface DeviceQuery {
  readonly kind?: string | undefined;
  readonly status?: string | undefined;
  readonly registryStatus?: string | undefined;
  readonly region?: string | undefined;
  /** Part of the id, the name or the location, in any case. */
  readonly q?: string | undefined;
  readonly limit: number;
  /** As a previous answer's `next` gave it. */
  readonly cursor?: string | undefined;
}

export interface DevicePage {
  readonly devices: readonly Device[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

/** Devices by kind and id. Throws CursorError. */
export async function listDevices(sql: Sql, query: DeviceQuery): Promise<DevicePage> {
  const after = query.cursor === undefined
    ? undefined
    : decodeCursor(query.cursor, [/^[a-z]+$/, DEVICE_ID]);
  const rows = await sql<Device[]>`
    select ${sql.unsafe(DEVICE_COLUMNS)} from devices
    where ${matching(sql, query)}
      ${after ? sql`and (kind, id) > (${after[0] ?? ""}, ${after[1] ?? ""})` : sql``}
    order by kind, id limit ${query.limit + 1}`;
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const more = rows.length > query.limit && last !== undefined;
  return { devices: page, next: more ? encodeCursor([last.kind, last.id]) : undefined };
}

/** The same by page number (from 0), with how many there are in all. */
export async function pageOfDevices(
  sql: Sql,
  query: Omit<DeviceQuery, "cursor"> & { readonly page: number },
): Promise<{ devices: readonly Device[]; total: number }> {
  const where = matching(sql, query);
  const [rows, [count]] = await Promise.all([
    sql<Device[]>`
      select ${sql.unsafe(DEVICE_COLUMNS)} from devices where ${where}
      order by kind, id limit ${query.limit} offset ${query.page * query.limit}`,
    sql<{ total: number }[]>`select count(*) as total from devices where ${where}`,
  ]);
  return { devices: rows, total: count?.total ?? 0 };
}

function matching(
  sql: Sql,
  { kind, status, registryStatus, region, q }: Omit<DeviceQuery, "limit">,
) {
  const like = q === undefined ? "" : `%${q.replace(/[\\%_]/g, "\\$&")}%`;
  return sql`true
    ${kind === undefined ? sql`` : sql`and kind = ${kind}`}
    ${status === undefined ? sql`` : sql`and status = ${status}`}
    ${registryStatus === undefined ? sql`` : sql`and registry_status = ${registryStatus}`}
    ${region === undefined ? sql`` : sql`and region = ${region}`}
    ${
    q === undefined
      ? sql``
      : sql`and (id ilike ${like} or name ilike ${like} or location ilike ${like})`
  }`;
}

/** By id, of those who said where they stand. */
export async function regionsOfKind(sql: Sql, kind: Kind): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; region: string }[]>`
    select id, region from devices where kind = ${kind} and region is not null`;
  return new Map(rows.map(({ id, region }) => [id, region]));
}

/** How many devices there are of each kind, none included. */
export async function countByKind(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ kind: string; count: number }[]>`
    select kind, count(*) as count from devices group by kind`;
  const counts = new Map(rows.map(({ kind, count }) => [kind, count]));
  return Object.fromEntries(KINDS.map((kind) => [kind, counts.get(kind) ?? 0]));
}
