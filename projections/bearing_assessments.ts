/** What was said of every bearing's health over time. Answers: how did it come to that? */
import { type Sql, sqlInstant } from "../events/log/database.ts";
import type { BearingAssessed } from "../events/machine.ts";
import { storable } from "../events/text.ts";
import { streamOf } from "../events/vocabulary.ts";
import { partOf } from "./foretold.ts";
import { forgetRows } from "./old_rows.ts";
import type { Projection } from "./projection.ts";

interface Assessment {
  readonly stream: string;
  readonly version: number;
  /** "" for a machine that names no bearings. */
  readonly part: string;
  /** Epoch ms. */
  readonly at: number;
  readonly wear: number;
  readonly growth: number;
  readonly alarm: boolean;
  /** Null while it is learned, and once it has failed. */
  readonly probability: number | null;
}

export const bearingAssessments: Projection<Assessment> = {
  name: "bearing_assessments",
  version: 1,
  handles: new Set(["BearingAssessed"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      version integer not null,
      part text collate "C" not null,
      at timestamptz not null,
      wear double precision not null,
      growth double precision not null,
      alarm boolean not null,
      probability double precision,
      primary key (stream, version)
    );
    create index on ${table} (stream, part, at, version);
    create index on ${table} (stream, at)`,

  keysOf: ({ stream, version }) => [`${stream}@${version}`],

  // A row is of one event, and an event is folded once.
  load: () => Promise.resolve(new Map()),

  fold(row, { stream, version, data, occurredAt: at }) {
    if (row !== undefined) return row;
    const { index: wear, growth, alarm, probability } = data as BearingAssessed;
    return { stream, version, part: storable(partOf(data)), at, wear, growth, alarm, probability };
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({ ...row, at: sqlInstant(row.at) }));
    await tx`
      insert into ${tx(table)} (stream, version, part, at, wear, growth, alarm, probability)
      select * from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        stream text, version integer, part text, at timestamptz, wear double precision,
        growth double precision, alarm boolean, probability double precision)
      on conflict (stream, version) do nothing`;
  },

  forgetOld: (sql, table, what) =>
    forgetRows(sql, table, what, { column: "at", days: what.keep.readingDays }),
};

export interface HealthPoint {
  /** Epoch ms. */
  readonly at: number;
  /** 0 as new, 1 worn out. */
  readonly wear: number;
  readonly growth: number;
  readonly alarm: boolean;
  readonly probability: number | null;
}

/** The newest of a range, [from, to) in epoch ms, oldest first; "" is the machine itself. */
export async function listHealthPoints(
  sql: Sql,
  { machineId, part, from, to, limit }: {
    readonly machineId: string;
    readonly part: string;
    readonly from: number;
    readonly to: number;
    readonly limit: number;
  },
): Promise<HealthPoint[]> {
  const rows = await sql<HealthPoint[]>`
    select at, wear, growth, alarm, probability from bearing_assessments
    where stream = ${streamOf("machine", machineId)} and part = ${storable(part)}
      and at >= ${sqlInstant(from)}::timestamptz and at < ${sqlInstant(to)}::timestamptz
    order by at desc, version desc limit ${limit}`;
  return rows.toReversed();
}
