/**
 * Every failure that was foretold, and every one that was not, with what came of it. Answers: which
 * devices will fail, why do we think so, and were we right?
 */
import { parseInstant } from "../events/instant.ts";
import { deviceStreamOf, type Factor, type Remaining } from "../events/inference.ts";
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import { deviceOf, type Json } from "../events/vocabulary.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { ofDevices, partOf } from "./foretold.ts";
import type { Projection } from "./projection.ts";

export const OUTCOMES = ["hit", "false-alarm", "miss", "serviced"] as const;
export type Outcome = typeof OUTCOMES[number];

/** What was said when it was foretold. */
export interface Claim {
  readonly probability: number;
  readonly horizonHours: number;
  readonly threshold: number;
  readonly factors: readonly Factor[];
  readonly remaining: Remaining | null;
}

/** Moments are epoch milliseconds. */
export interface Prediction {
  /** Its name; of a failure that none foretold one that is only a key. */
  readonly prediction: string;
  readonly stream: string;
  /** "" for the whole device. */
  readonly part: string;
  /** When it was foretold; of a failure that none foretold, when that began. */
  readonly at: number;
  /** SHA-256, or the name of a method that is no file. */
  readonly model: string | null;
  /** Null where nothing was foretold. */
  readonly claim: Claim | null;
  action: string | null;
  actBy: number | null;
  clearedAt: number | null;
  why: string | null;
  outcome: Outcome | null;
  leadTimeHours: number | null;
  failureAt: number | null;
  code: string | null;
}

const HANDLES = [
  "FailurePredicted",
  "FailureRiskCleared",
  "MaintenanceRecommended",
  "PredictionScored",
] as const;

export const predictions: Projection<Prediction> = {
  name: "predictions",
  version: 1,
  handles: new Set(HANDLES),

  create: (table) => `
    create table ${table} (
      prediction text collate "C" not null primary key,
      stream text collate "C" not null,
      part text not null,
      at timestamptz not null,
      model text,
      claim json,
      action text,
      act_by timestamptz,
      cleared_at timestamptz,
      why text,
      outcome text,
      lead_time_hours double precision,
      failure_at timestamptz,
      code text
    );
    create index on ${table} (at, prediction);
    create index on ${table} (stream, at, prediction);
    create index on ${table} (outcome, at, prediction);
    create index on ${table} (at, prediction) where cleared_at is null and claim is not null`,

  keysOf({ stream, data }) {
    // A failure of one part is observed once.
    return [
      typeof data.prediction === "string"
        ? storable(data.prediction)
        : `${MISSED} ${stream} ${data.failureAt} ${storable(partOf(data))}`,
    ];
  },

  async load(sql, table, keys) {
    const rows = await sql<Prediction[]>`
      select ${sql.unsafe(COLUMNS)} from ${sql(table)} where prediction = any(${[
      ...keys,
    ]}::text[])`;
    return new Map(rows.map((row) => [row.prediction, row]));
  },

  fold(row, { type, data, stream, occurredAt }, key) {
    if (type === "FailurePredicted") return predict(key, deviceStreamOf(stream), data, occurredAt);
    if (type === "PredictionScored" && data.prediction === null) {
      return score(miss(key, deviceStreamOf(stream), data, occurredAt), data);
    }
    // The actor clears, recommends and scores only what it foretold.
    if (row === undefined) throw new Error(`"${key}" was never predicted`);
    if (type === "PredictionScored") return score(row, data);
    if (type === "FailureRiskCleared") {
      return { ...row, clearedAt: occurredAt, why: storable(String(data.why)) };
    }
    const actBy = parseInstant(String(data.by)) ?? null;
    return { ...row, action: storable(String(data.action)), actBy };
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      prediction: row.prediction,
      stream: row.stream,
      part: row.part,
      at: sqlInstant(row.at),
      model: row.model,
      claim: row.claim && JSON.stringify(row.claim),
      action: row.action,
      act_by: instantOrNull(row.actBy),
      cleared_at: instantOrNull(row.clearedAt),
      why: row.why,
      outcome: row.outcome,
      lead_time_hours: row.leadTimeHours,
      failure_at: instantOrNull(row.failureAt),
      code: row.code,
    }));
    await tx`
      insert into ${tx(table)} (prediction, stream, part, at, model, claim, action, act_by,
        cleared_at, why, outcome, lead_time_hours, failure_at, code)
      select prediction, stream, part, at, model, claim::json, action, act_by, cleared_at, why,
        outcome, lead_time_hours, failure_at, code
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        prediction text, stream text, part text, at timestamptz, model text, claim text,
        action text, act_by timestamptz, cleared_at timestamptz, why text, outcome text,
        lead_time_hours double precision, failure_at timestamptz, code text)
      on conflict (prediction) do update set
        action = excluded.action, act_by = excluded.act_by, cleared_at = excluded.cleared_at,
        why = excluded.why, outcome = excluded.outcome,
        lead_time_hours = excluded.lead_time_hours, failure_at = excluded.failure_at,
        code = excluded.code`;
  },
};

/** No prediction's name has a space. */
const MISSED = "missed";

const COLUMNS = `prediction, stream, part, at, model, claim, action, act_by as "actBy",
  cleared_at as "clearedAt", why, outcome, lead_time_hours as "leadTimeHours",
  failure_at as "failureAt", code`;

function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : sqlInstant(ms);
}

const UNKNOWN_YET = {
  action: null,
  actBy: null,
  clearedAt: null,
  why: null,
  outcome: null,
  leadTimeHours: null,
  failureAt: null,
  code: null,
};

function predict(prediction: string, stream: string, data: Json, at: number): Prediction {
  const { probability, horizonHours, threshold, factors, remaining = null } = data as unknown as
    & Omit<Claim, "remaining">
    & { remaining?: Remaining | null };
  return {
    prediction,
    stream,
    part: storable(partOf(data)),
    at,
    model: storable(String(data.model)),
    claim: {
      probability,
      horizonHours,
      threshold,
      factors: factors.map(storableFactor),
      remaining,
    },
    ...UNKNOWN_YET,
  };
}

function storableFactor(factor: Factor): Factor {
  return { ...factor, feature: storable(factor.feature) };
}

function miss(prediction: string, stream: string, data: Json, occurredAt: number): Prediction {
  return {
    prediction,
    stream,
    part: storable(partOf(data)),
    at: parseInstant(String(data.failureAt)) ?? occurredAt,
    model: typeof data.model === "string" ? storable(data.model) : null,
    claim: null,
    ...UNKNOWN_YET,
  };
}

function score(row: Prediction, data: Json): Prediction {
  return {
    ...row,
    outcome: data.outcome as Outcome,
    leadTimeHours: typeof data.leadTimeHours === "number" ? data.leadTimeHours : null,
    failureAt: parseInstant(String(data.failureAt)) ?? null,
    code: typeof data.code === "string" ? storable(data.code) : null,
  };
}

export interface PredictionQuery {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  /** Open until it is cleared; a failure that none foretold is neither. */
  readonly state?: "open" | "cleared" | "all" | undefined;
  /** `undecided`: foretold, and not yet known. Failures that none foretold only by `miss`. */
  readonly outcome?: Outcome | "undecided" | undefined;
  readonly model?: string | undefined;
  /** Of `at`, [from, to), epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface PredictionPage {
  readonly predictions: readonly Prediction[];
  readonly next: string | undefined;
}

/** Moment in epoch ms, name. */
const PLACE = [/^\d{1,14}(\.\d+)?$/, /^[^\0]{1,300}$/];

/** The newest first. Throws CursorError. */
export async function listPredictions(sql: Sql, query: PredictionQuery): Promise<PredictionPage> {
  const { state = "all", outcome, model, from, to, limit, cursor } = query;
  const after = cursor === undefined ? undefined : decodeCursor(cursor, PLACE);
  const rows = await sql<Prediction[]>`
    select ${sql.unsafe(COLUMNS)} from predictions
    where claim is ${outcome === "miss" ? sql`null` : sql`not null`}
      ${state === "open" ? sql`and cleared_at is null` : sql``}
      ${state === "cleared" ? sql`and cleared_at is not null` : sql``}
      ${ofDevices(sql, query)}
      ${
    outcome === undefined
      ? sql``
      : outcome === "undecided"
      ? sql`and outcome is null`
      : sql`and outcome = ${outcome}`
  }
      ${model === undefined ? sql`` : sql`and model = ${storable(model)}`}
      ${from === undefined ? sql`` : sql`and at >= ${sqlInstant(from)}::timestamptz`}
      ${to === undefined ? sql`` : sql`and at < ${sqlInstant(to)}::timestamptz`}
      ${
    after === undefined
      ? sql``
      : sql`and (at, prediction) < (${sqlInstant(Number(after[0]))}::timestamptz, ${
        after[1] ?? ""
      })`
  }
    order by at desc, prediction desc limit ${limit + 1}`;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { predictions: page, next: undefined };
  return { predictions: page, next: predictionCursor(last) };
}

/** Where a list goes on after a prediction. */
export function predictionCursor(
  { at, prediction }: Pick<Prediction, "at" | "prediction">,
): string {
  return encodeCursor([String(at), prediction]);
}

export async function getPrediction(sql: Sql, prediction: string): Promise<Prediction | undefined> {
  const [row] = await sql<Prediction[]>`
    select ${sql.unsafe(COLUMNS)} from predictions
    where prediction = ${storable(prediction)} and claim is not null`;
  return row;
}

export function deviceForetold({ stream }: Pick<Prediction, "stream">): {
  kind: string;
  id: string;
} {
  return deviceOf(stream);
}
