/**
 * What the failure model says of ATMs at a moment, whether or not it is their turn.
 *
 * An ATM whose actor runs in this process is asked what it remembers; what another process keeps is
 * read from the log, a day of it, which takes longer and says the same but for what is older.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Factor } from "../../events/inference.ts";
import { DAY_MS } from "../../events/instant.ts";
import { readTelemetry } from "../../events/log/telemetry.ts";
import { streamOf } from "../../events/vocabulary.ts";
import {
  AT,
  AtmHistory,
  FEATURE_NAMES,
  type NotScorable,
  whyNotScorable,
  writeFeatures,
} from "../../models/features/mod.ts";
import { getDevice } from "../../projections/devices.ts";
import { atATime } from "../at_a_time.ts";
import type { Deps } from "../deps.ts";
import { unavailable } from "../problem.ts";

export interface AtmClaim {
  readonly id: string;
  readonly probability: number;
  /** The five that moved it most. */
  readonly factors: readonly Factor[];
  readonly horizonHours: number;
  readonly model: string;
  /** Whether the model knows only simulated ATMs. */
  readonly simulated: boolean;
}

export interface NoClaim {
  readonly id: string;
  readonly reason: NotScorable | "no-model" | "unknown" | "decommissioned";
}

type ClaimDeps = Pick<Deps, "sql" | "foretelling">;

const COLUMNS = FEATURE_NAMES.length;
/** Features of so many are gathered in one go: some milliseconds. */
const ROWS_AT_ONCE = 250;
/** Days of ATMs read at a time: each is some megabytes. */
const READ_AT_ONCE = 4;

/** In the order of the ids, which may repeat. `at` is epoch ms. */
export async function claimsOf(
  deps: ClaimDeps,
  ids: readonly string[],
  at: number,
): Promise<(AtmClaim | NoClaim)[]> {
  if (deps.foretelling.serving() === undefined) {
    return ids.map((id) => ({ id, reason: "no-model" }));
  }
  const found: (AtmClaim | NoClaim)[] = [];
  for (let from = 0; from < ids.length; from += ROWS_AT_ONCE) {
    // Those of whom nothing can be said are not scored: ingest gets its turn all the same.
    if (from > 0) await nextTurn();
    const gathered = await gather(deps, ids.slice(from, from + ROWS_AT_ONCE), at);
    found.push(...await score(deps, gathered));
  }
  return found;
}

/** Some ATMs, and what the model sees of those of whom something can be said. */
interface Gathered {
  readonly ids: readonly string[];
  /** By place among the ids; of the others a row follows. */
  readonly without: ReadonlyMap<number, NoClaim["reason"]>;
  /** The place of each row. */
  readonly places: readonly number[];
  readonly rows: Float32Array;
}

async function gather(deps: ClaimDeps, ids: readonly string[], at: number): Promise<Gathered> {
  const values = new Float32Array(ids.length * COLUMNS);
  const places: number[] = [];
  const without = new Map<number, NoClaim["reason"]>();
  const elsewhere: number[] = [];
  const note = (place: number, why: NoClaim["reason"] | undefined) => {
    if (why === undefined) places.push(place);
    else without.set(place, why);
  };
  ids.forEach((id, place) => {
    const why = deps.foretelling.features(id, at, values, places.length * COLUMNS);
    if (why === "elsewhere") elsewhere.push(place);
    else note(place, why);
  });
  await atATime(READ_AT_ONCE, elsewhere.length, async (index) => {
    const place = elsewhere[index] as number;
    const history = await historyFromLog(deps, ids[place] as string, at);
    if (typeof history === "string") return note(place, history);
    const why = whyNotScorable(history, at);
    if (why === undefined) {
      // A clock ahead of ours has told of moments that have not come.
      const moment = Math.max(at, history.latest[AT] as number);
      writeFeatures(history, moment, values, places.length * COLUMNS);
    }
    note(place, why);
  });
  return { ids, without, places, rows: values.subarray(0, places.length * COLUMNS) };
}

async function score(
  { foretelling }: ClaimDeps,
  { ids, without, places, rows }: Gathered,
): Promise<(AtmClaim | NoClaim)[]> {
  const found = new Array<AtmClaim | NoClaim>(ids.length);
  for (const [place, reason] of without) found[place] = { id: ids[place] as string, reason };
  if (places.length === 0) return found;
  const scores = await foretelling.score(rows, places.length, { reasons: "all" }).catch(() => {
    // Whoever runs the model has reported why.
    throw unavailable("model-failed", "The failure model cannot be run now; try again shortly");
  });
  const { probabilities, factors, horizonHours, model, simulated } = scores;
  places.forEach((place, row) => {
    found[place] = {
      id: ids[place] as string,
      probability: probabilities[row] as number,
      factors: factors.get(row) ?? [],
      horizonHours,
      model,
      simulated,
    };
  });
  return found;
}

async function historyFromLog(
  { sql }: ClaimDeps,
  id: string,
  at: number,
): Promise<AtmHistory | "unknown" | "decommissioned"> {
  const device = await getDevice(sql, "atm", id);
  if (device === undefined) return "unknown";
  if (device.decommissioned) return "decommissioned";
  const history = new AtmHistory();
  const day = { from: at - DAY_MS, to: at + DAY_MS };
  for await (const reports of readTelemetry(sql, streamOf("atm", id), day)) {
    for (const report of reports) history.take(report.data, report.at);
  }
  return history;
}
