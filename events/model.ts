/**
 * Models trained from what a device or a fleet said: as orders and as facts. The file itself is kept beside the
 * log, under its SHA-256; the log says which there are, how good they are, and which is in force.
 */
import { z } from "zod";
import { by } from "./by.ts";
import type { NewEvent } from "./event.ts";
import { MODEL_KIND, streamOf } from "./vocabulary.ts";

/** What foretells failures of ATMs: one in force for the whole fleet. */
export const FAILURE_MODEL = "failure";
/** Where the log has them: `model-failure`. */
export const FAILURE_MODEL_STREAM = streamOf(MODEL_KIND, FAILURE_MODEL);
/** What is trained of a whole fleet. */
export const FLEET_MODELS: readonly string[] = [FAILURE_MODEL];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in lower-case hex");

export const RecordModel = z.object({
  model: sha256,
  /** What sort of model it is: `lstm`, `failure`. A device, or a fleet, has one in force of each. */
  kind: z.string().regex(/^[a-z][a-z-]{0,29}$/),
  /** What is known of it: training range, parameters, errors. */
  card: z.record(z.string(), z.unknown()),
  promote: z.boolean(),
  by,
});
export type RecordModel = z.infer<typeof RecordModel>;

export const PromoteModel = z.object({ model: sha256, by });

/** From this one, if it is in force, back to the one that was before it. */
export const RollBackModel = z.object({ model: sha256, by });

export type ModelEvent =
  | NewEvent<"ModelTrained", Pick<RecordModel, "model" | "kind" | "card">>
  /** From now on this one is used, on every node; `back` where it is the one before, again. */
  | NewEvent<"ModelPromoted", Pick<RecordModel, "model" | "kind" | "by"> & { back?: true }>;
