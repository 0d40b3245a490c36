/**
 * A failure model trained again and again, at the moments of a cron expression. What is missed while
 * Telltale is down is not made up for: the next moment comes. Several processes on one log would
 * each train; one of them is enough.
 */
import { DAY_MS } from "../../events/instant.ts";
import { nextRun } from "../../reports/cron.ts";
import { DAYS_LEARNED_FROM } from "./failure.ts";
import type { TrainingJobs } from "./jobs.ts";

export interface Recurrence {
  readonly cron: string;
  /** IANA time zone. */
  readonly zone: string;
}

const LOOK_MS = 1_000;

/** The same rows would give the same model; of later ones the usual parameters do as well. */
const SEED = 1;

/** Returns how to stop. Throws RecurrenceError. */
export function startRetraining(
  { cron, zone }: Recurrence,
  training: Pick<TrainingJobs, "ask">,
  now: () => number,
): () => void {
  let due = nextRun(cron, zone, now());
  const timer = setInterval(() => {
    const to = now();
    if (to < due) return;
    due = nextRun(cron, zone, to);
    const from = to - DAYS_LEARNED_FROM * DAY_MS;
    training.ask({
      kind: "failure",
      from,
      to,
      trials: 0,
      seed: SEED,
      force: false,
      by: "schedule",
    });
  }, LOOK_MS);
  return () => clearInterval(timer);
}
