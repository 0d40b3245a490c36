/**
 * The health of every bearing as it was said last. Answers: which one is getting worse, since when,
 * how long will it last, and what is wrong with it?
 */
import { parseInstant } from "../events/instant.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import type { BearingAssessed } from "../events/machine.ts";
import { storable } from "../events/text.ts";
import { deviceOf, streamOf } from "../events/vocabulary.ts";
import { getBearing, listBearings } from "./bearings.ts";
import { partOf } from "./foretold.ts";
import type { Projection } from "./projection.ts";

/** Moments are epoch ms. */
export interface BearingHealth {
  readonly stream: string;
  /** "" for a machine that names no bearings. */
  readonly part: string;
  /** Null after it was renewed, until it is heard. */
  assessed: BearingAssessed | null;
  assessedAt: number | null;
  /** When it began to fail, while it has. */
  failureAt: number | null;
  failureCode: string | null;
  renewedAt: number | null;
}

export const bearingHealth: Projection<BearingHealth> = {
  name: "bearing_health",
  version: 1,
  handles: new Set(["BearingAssessed", "FailureObserved", "PartRenewed"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      part text collate "C" not null,
      assessed json,
      assessed_at timestamptz,
      failure_at timestamptz,
      failure_code text,
      renewed_at timestamptz,
      primary key (stream, part)
    ) with (fillfactor = 70)`,

  // Other devices fail, too, and have no bearings.
  keysOf: ({ stream, data }) =>
    deviceOf(stream).kind === "machine" ? [JSON.stringify([stream, storable(partOf(data))])] : [],

  async load(sql, table, keys) {
    const places = keys.map((key) => JSON.parse(key) as [string, string]);
    const rows = await sql<(BearingHealth & { key: string })[]>`
      select wanted.key, ${sql.unsafe(COLUMNS)} from ${sql(table)} join unnest(
        ${[...keys]}::text[], ${places.map(([stream]) => stream)}::text[],
        ${places.map(([, part]) => part)}::text[]
      ) as wanted (key, stream, part) using (stream, part)`;
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  },

  fold(row, { type, data, occurredAt }, key) {
    const health = row ?? begin(key);
    switch (type) {
      case "BearingAssessed":
        health.assessed = data as BearingAssessed;
        health.assessedAt = occurredAt;
        break;
      case "FailureObserved":
        health.failureAt = parseInstant(String(data.beganAt)) ?? occurredAt;
        health.failureCode = storable(String(data.code));
        break;
      case "PartRenewed":
        Object.assign(health, { ...begin(key), renewedAt: occurredAt });
    }
    return health;
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      stream: row.stream,
      part: row.part,
      assessed: row.assessed && JSON.stringify(row.assessed),
      assessed_at: momentOrNull(row.assessedAt),
      failure_at: momentOrNull(row.failureAt),
      failure_code: row.failureCode,
      renewed_at: momentOrNull(row.renewedAt),
    }));
    await tx`
      insert into ${tx(table)} (stream, part, assessed, assessed_at, failure_at, failure_code,
        renewed_at)
      select stream, part, assessed::json, assessed_at, failure_at, failure_code, renewed_at
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, part text, assessed text, assessed_at timestamptz, failure_at timestamptz,
        failure_code text, renewed_at timestamptz)
      on conflict (stream, part) do update set
        assessed = excluded.assessed, assessed_at = excluded.assessed_at,
        failure_at = excluded.failure_at, failure_code = excluded.failure_code,
        renewed_at = excluded.renewed_at`;
  },
};

const COLUMNS = `stream, part, assessed, assessed_at as "assessedAt", failure_at as "failureAt",
  failure_code as "failureCode", renewed_at as "renewedAt"`;

function begin(key: string): BearingHealth {
  const [stream, part] = JSON.parse(key) as [string, string];
  return unheard(stream, part);
}

/** Of a bearing of which nothing has been said yet. */
function unheard(stream: string, part: string): BearingHealth {
  const nothing = { assessed: null, assessedAt: null, failureAt: null, failureCode: null };
  return { stream, part, ...nothing, renewedAt: null };
}

function momentOrNull(at: number | null): string | null {
  return at === null ? null : sqlInstant(at);
}

/** Of every bearing of a machine that was described or heard, by name. */
export async function listBearingHealth(sql: Sql, machineId: string): Promise<BearingHealth[]> {
  const stream = streamOf("machine", machineId);
  const [rows, bearings] = await Promise.all([
    sql<BearingHealth[]>`
      select ${sql.unsafe(COLUMNS)} from bearing_health where stream = ${stream}`,
    listBearings(sql, machineId),
  ]);
  const known = new Map(bearings.map(({ bearing }) => [bearing, unheard(stream, bearing)]));
  for (const row of rows) known.set(row.part, row);
  return [...known.values()].sort((a, b) => a.part < b.part ? -1 : 1);
}

/** Of one; "" is the machine itself. */
export async function getBearingHealth(
  sql: Sql,
  machineId: string,
  part: string,
): Promise<BearingHealth | undefined> {
  const stream = streamOf("machine", machineId);
  const [row] = await sql<BearingHealth[]>`
    select ${sql.unsafe(COLUMNS)} from bearing_health
    where stream = ${stream} and part = ${storable(part)}`;
  if (row !== undefined) return row;
  const bearing = part === "" ? undefined : await getBearing(sql, machineId, storable(part));
  return bearing && unheard(stream, part);
}
