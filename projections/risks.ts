/**
 * The latest score of every device and part that is scored. Answers: which are most likely to fail
 * now? A score speaks of its horizon and of a device in service: once either is over it says
 * nothing any more.
 */
import { deviceStreamOf, type Remaining, type Risk } from "../events/inference.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import { type OfDevices, ofDevices, partOf } from "./foretold.ts";
import type { Projection } from "./projection.ts";

/** Moments are epoch milliseconds. */
export interface LatestRisk {
  readonly stream: string;
  /** "" for the whole device. */
  readonly part: string;
  readonly at: number;
  readonly probability: number;
  readonly horizonHours: number;
  readonly model: string;
  readonly remaining: Remaining | null;
  /** Until when it says something. */
  until: number;
}

/** What came of a risk after which its score says nothing of the device there is now. */
const OVER = new Set(["failed", "serviced", "out-of-service"]);

export const risks: Projection<LatestRisk> = {
  name: "risks",
  version: 1,
  handles: new Set(["RiskScored", "FailureRiskCleared", "PredictionScored"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      part text collate "C" not null,
      at timestamptz not null,
      probability double precision not null,
      horizon_hours double precision not null,
      model text not null,
      remaining json,
      until timestamptz not null,
      primary key (stream, part)
    ) with (fillfactor = 70);
    create index on ${table} (probability, stream, part)`,

  keysOf({ type, stream, data }) {
    if (type === "FailureRiskCleared" && !OVER.has(String(data.why))) return [];
    // Whether or not it was foretold, it has failed.
    if (type === "PredictionScored" && typeof data.failureAt !== "string") return [];
    return [JSON.stringify([deviceStreamOf(stream), storable(partOf(data))])];
  },

  async load(sql, table, keys) {
    const places = keys.map(placeOf);
    const rows = await sql<(LatestRisk & { key: string })[]>`
      select wanted.key, ${sql.unsafe(COLUMNS)} from ${sql(table)} join unnest(
        ${[...keys]}::text[], ${places.map(([stream]) => stream)}::text[],
        ${places.map(([, part]) => part)}::text[]
      ) as wanted (key, stream, part) using (stream, part)`;
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  },

  fold(row, { type, data, occurredAt: at }, key) {
    if (type !== "RiskScored") {
      // The actor clears and judges only what it has scored.
      if (row === undefined) throw new Error(`no risk of ${key} was ever scored`);
      row.until = Math.min(row.until, at);
      return row;
    }
    if (row !== undefined && at < row.at) return row;
    const [stream, part] = placeOf(key);
    const { probability, horizonHours, model, remaining = null } = data as unknown as Risk;
    const until = at + horizonHours * 3_600_000;
    return {
      stream,
      part,
      at,
      probability,
      horizonHours,
      model: storable(model),
      remaining,
      until,
    };
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      stream: row.stream,
      part: row.part,
      at: sqlInstant(row.at),
      probability: row.probability,
      horizon_hours: row.horizonHours,
      model: row.model,
      remaining: row.remaining && JSON.stringify(row.remaining),
      until: sqlInstant(row.until),
    }));
    await tx`
      insert into ${tx(table)} (stream, part, at, probability, horizon_hours, model, remaining,
        until)
      select stream, part, at, probability, horizon_hours, model, remaining::json, until
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, part text, at timestamptz, probability double precision,
        horizon_hours double precision, model text, remaining text, until timestamptz)
      on conflict (stream, part) do update set
        at = excluded.at, probability = excluded.probability,
        horizon_hours = excluded.horizon_hours, model = excluded.model,
        remaining = excluded.remaining, until = excluded.until`;
  },
};

const COLUMNS = `stream, part, at, probability, horizon_hours as "horizonHours", model, remaining,
  until`;

function placeOf(key: string): [stream: string, part: string] {
  return JSON.parse(key);
}

/** What is known of one device now, by part; an empty list where nothing is. */
export async function currentRisks(
  sql: Sql,
  kind: string,
  id: string,
  now: number,
): Promise<LatestRisk[]> {
  return await sql<LatestRisk[]>`
    select ${sql.unsafe(COLUMNS)} from risks
    where stream = ${`${kind}-${id}`} and until > ${sqlInstant(now)}::timestamptz
    order by part`;
}

/** Those at least this likely to fail, the likeliest first. */
export async function highestRisks(
  sql: Sql,
  { threshold, limit, now, ...devices }: OfDevices & {
    readonly threshold: number;
    readonly limit: number;
    /** Epoch ms. */
    readonly now: number;
  },
): Promise<LatestRisk[]> {
  return await sql<LatestRisk[]>`
    select ${sql.unsafe(COLUMNS)} from risks
    where probability >= ${threshold} and until > ${sqlInstant(now)}::timestamptz
      ${ofDevices(sql, devices)}
    order by probability desc, stream, part limit ${limit}`;
}
