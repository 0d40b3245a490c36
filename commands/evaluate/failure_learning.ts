/** What evaluations of failure models have in common: how one is learned, with its progress shown. */
import type { FailureRows } from "../../models/features/mod.ts";
import type { LearnedModel, LearningOptions } from "../../models/failure/learn.ts";
import { matrixOf } from "../../models/failure/rows.ts";
import { scoreProbabilities } from "../../models/trees/model.ts";
import type { Progress } from "../progress.ts";

export interface LearningSettings {
  readonly trials: number;
  readonly seed: number;
  readonly progress: Progress;
}

export function showing(
  title: string,
  { trials, seed, progress }: LearningSettings,
): LearningOptions {
  return {
    trials,
    seed,
    onProgress: ({ doing, done, of }) =>
      progress.show(() => `${title}: ${doing}, ${Math.floor(100 * done / of)} %`),
  };
}

export function claimsOf({ model }: LearnedModel, rows: FailureRows): Float64Array {
  return scoreProbabilities(model, matrixOf(rows));
}
