/** A training as it is asked for and watched over HTTP, whatever is trained. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { formatInstant } from "../../events/instant.ts";
import type { FailureCard } from "../../models/failure/card.ts";
import type { LstmCard } from "../../models/lstm/card.ts";
import { unavailable } from "../problem.ts";
import { Instant, instantOrNull, json } from "../schemas.ts";
import { Sha256 } from "../trained_model.ts";
import type { TrainingJob, TrainingJobs, TrainingOrder } from "./jobs.ts";

const LstmProgress = z.object({
  epoch: z.int(),
  epochs_max: z.int(),
  share_of_epoch: z.number(),
  loss: z.number(),
});
/** Of `doing`; what is read is ATMs. */
const FailureProgressSchema = z.object({
  doing: z.enum(["reading", "searching", "calibrating", "growing"]),
  done: z.int(),
  of: z.int(),
});

export const TrainingSchema = z.object({
  id: z.uuid(),
  kind: z.enum(["lstm", "failure"]),
  series: z.string().nullable().openapi({ description: "Null where it is of the whole fleet." }),
  state: z.enum(["waiting", "running", "done", "failed"]),
  asked_at: Instant,
  ended_at: Instant.nullable(),
  progress: z.union([LstmProgress, FailureProgressSchema]).nullable(),
  model: z.object({ sha256: Sha256, promoted: z.boolean(), verdict: z.string() }).nullable(),
  problem: z.string().nullable(),
}).openapi("Training");

/** Of the draws of a training: the same seed gives the same model. */
export const SeedField = z.int().min(0).max(2 ** 31 - 1).default(1);

export const ASKED_FOR = json(TrainingSchema, "Asked for; `Location` tells how far it is");

/** Names the training in `Location`, and returns what is known of it. Throws ProblemError where too many wait. */
export function askFor(
  c: Context,
  training: TrainingJobs,
  wanted: TrainingOrder,
): z.infer<typeof TrainingSchema> {
  const asked = training.ask(wanted);
  if (asked === undefined) {
    throw unavailable("trainings-waiting", "Too many trainings are waiting; try again later");
  }
  c.header("Location", `/api/v1/trainings/${asked.id}`);
  return trainingJson(asked);
}

export function trainingJson(
  { id, order, state, askedAt, endedAt, progress, model, problem }: TrainingJob,
): z.infer<typeof TrainingSchema> {
  return {
    id,
    kind: order.kind,
    series: order.kind === "lstm" ? order.series : null,
    state,
    asked_at: formatInstant(askedAt),
    ended_at: instantOrNull(endedAt),
    progress: progress && progressJson(progress),
    model: model && {
      sha256: model.sha256,
      promoted: model.promote,
      verdict: verdictOf(model.card),
    },
    problem,
  };
}

function progressJson(
  progress: NonNullable<TrainingJob["progress"]>,
): NonNullable<z.infer<typeof TrainingSchema>["progress"]> {
  if ("doing" in progress) return progress;
  const { epoch, epochsMax, share, loss } = progress;
  return { epoch, epochs_max: epochsMax, share_of_epoch: share, loss };
}

function verdictOf(card: LstmCard | FailureCard): string {
  return card.kind === "lstm" ? card.verdict : card.comparison?.verdict ?? "";
}
