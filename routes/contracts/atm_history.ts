/** What an ATM reported in the last hours, out of the log. */
import { HOUR_MS } from "../../events/instant.ts";
import { parseLossless } from "../../events/json.ts";
import type { Sql } from "../../events/log/database.ts";
import { readTextsBetween } from "../../events/log/query.ts";
import { type Json, streamOf } from "../../events/vocabulary.ts";

/** A week at one report a second would be more than anybody reads: the newest are kept. */
const HISTORY_MAX = 50_000;

export interface HistoryQuery {
  readonly hours: number;
  /** Epoch ms. */
  readonly now: number;
  /** @default 50_000 */
  readonly limit?: number;
}

/** The reports as JSON texts, as they were sent but for the ATM's id, the newest first. */
export async function readHistory(
  sql: Sql,
  id: string,
  { hours, now, limit = HISTORY_MAX }: HistoryQuery,
): Promise<string[]> {
  const texts = await readTextsBetween(sql, streamOf("atm", id), {
    type: "TelemetryReported",
    from: now - hours * HOUR_MS,
    // A device's clock may run ahead of ours; what it reported is not hidden for that.
    to: now + 24 * HOUR_MS,
    limit,
  });
  const named = `"atm_id":"${id}"`;
  return texts.map((text) => text.includes(named) ? text : nameAnew(text, id));
}

/** An ATM may write its id in small letters; nobody else does. */
function nameAnew(text: string, id: string): string {
  return JSON.stringify({ ...parseLossless(text) as Json, atm_id: id });
}
