/** ATMs whose processor gives them away, and a model that has learned to look at it. */
import { cardOf, FAILURE_LABEL } from "../../models/failure/card.ts";
import { type FailureFile, fileOf } from "../../models/failure/file.ts";
import { learnFailures } from "../../models/failure/learn.ts";
import { wearingRows } from "../models/failure/rows.ts";
import type { Stage } from "./stage.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Per cent of its processor, over the last hour: well, and about to fail. */
export const WELL = 0.5;
export const WEARING = 2.5;

/** Learned in a moment: half of those that wear fail within four hours. */
export async function wearModel(seed = 1): Promise<FailureFile> {
  const rows = { ...wearingRows(8, 300, seed), names: ["cpu_mean_1h", "memory_mean_1h"] };
  const places = rows.labels.keys().toArray();
  const learned = await learnFailures(rows, places, { trials: 0, seed });
  return await fileOf(
    learned.model,
    cardOf(learned, {
      source: "simulated wear",
      label: FAILURE_LABEL,
      judged: {},
      simulated: true,
    }),
  );
}

interface Report {
  readonly cpu?: number;
  readonly status?: string;
  readonly code?: string;
}

/** Resolves after the commit. */
export async function report(stage: Stage, id: string, at: number, what: Report): Promise<void> {
  const { cpu = WELL, status = "online", code } = what;
  await stage.say(`devices.atm.${id}.telemetry`, {
    atm_id: id,
    timestamp: new Date(at).toISOString(),
    status,
    cpu_usage_percent: cpu,
    ...(code === undefined ? {} : { error_code: code }),
  });
}

/** What it reported in the 70 minutes up to now, every ten minutes, with the last 2 minutes old. */
export async function reportHour(stage: Stage, id: string, cpu: number): Promise<void> {
  const now = Date.now() + stage.ahead;
  for (let minutes = 72; minutes >= 2; minutes -= 10) {
    await report(stage, id, now - minutes * MINUTE, { cpu });
  }
}
