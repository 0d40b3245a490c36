/** How often each model was asked. Answers: how much is predicted, hour by hour, and by which model? */
import type { Sql } from "../events/log/database.ts";
import { sqlInstant } from "../events/log/database.ts";

export const HOUR_MS = 3_600_000;
/** Hours that are kept: thirteen months. */
export const HOURS_KEPT = 400 * 24;

export interface Usage {
  /** Start of the hour, epoch ms. */
  readonly hour: number;
  readonly seriesId: string;
  readonly modelVersion: string;
  readonly predictions: number;
  readonly anomalies: number;
  /** Epoch ms. */
  readonly lastUsedAt: number;
}

/** Adds to what is stored. */
export async function addUsage(sql: Sql, usages: readonly Usage[]): Promise<void> {
  const rows = usages.map(({ hour, lastUsedAt, ...usage }) => ({
    hour: sqlInstant(hour),
    last: sqlInstant(lastUsedAt),
    ...usage,
  }));
  await sql`
    insert into series_usage
      (hour, series_id, model_version, predictions, anomalies, last_used_at)
    select hour, "seriesId", "modelVersion", predictions, anomalies, last
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as row (
      hour timestamptz, "seriesId" text, "modelVersion" text, predictions bigint,
      anomalies bigint, last timestamptz)
    order by hour, "seriesId", "modelVersion"
    on conflict (hour, series_id, model_version) do update set
      predictions = series_usage.predictions + excluded.predictions,
      anomalies = series_usage.anomalies + excluded.anomalies,
      last_used_at = greatest(series_usage.last_used_at, excluded.last_used_at)`;
}

export async function forgetOldUsage(sql: Sql, now: number): Promise<void> {
  await sql`
    delete from series_usage
    where hour < ${sqlInstant(now - HOURS_KEPT * HOUR_MS)}::timestamptz`;
}

export interface HourOfUse {
  readonly hour: number;
  readonly predictions: number;
  readonly anomalies: number;
}

/** Hours from this moment on in which something was predicted, oldest first. */
export async function usageByHour(sql: Sql, from: number): Promise<HourOfUse[]> {
  const rows = await sql<HourOfUse[]>`
    select hour, sum(predictions)::bigint as predictions, sum(anomalies)::bigint as anomalies
    from series_usage where hour >= ${sqlInstant(from)}::timestamptz
    group by hour order by hour`;
  return [...rows];
}

export type ModelInUse = Omit<Usage, "hour">;

/** The models that were asked most. */
export async function usageByModel(sql: Sql, limit: number): Promise<ModelInUse[]> {
  const rows = await sql<ModelInUse[]>`
    select series_id as "seriesId", model_version as "modelVersion",
      sum(predictions)::bigint as predictions, sum(anomalies)::bigint as anomalies,
      max(last_used_at) as "lastUsedAt"
    from series_usage group by series_id, model_version
    order by sum(predictions) desc, series_id, model_version limit ${limit}`;
  return [...rows];
}

export async function predictionsEver(sql: Sql): Promise<number> {
  const [row] = await sql<{ predictions: number }[]>`
    select coalesce(sum(predictions), 0)::bigint as predictions from series_usage`;
  return row?.predictions ?? 0;
}
