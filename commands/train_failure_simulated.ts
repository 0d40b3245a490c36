/**
 * The failure model that comes with Telltale: learned from simulated ATMs, judged by others that it
 * has never seen. The same program always makes the same bytes.
 */
import { messageOf } from "../events/errors.ts";
import { cardOf, FAILURE_LABEL } from "../models/failure/card.ts";
import { type FailureFile, fileOf } from "../models/failure/file.ts";
import { judgeProbabilities } from "../models/failure/judge.ts";
import { learnFailures } from "../models/failure/learn.ts";
import { proveFile } from "../models/failure/proof.ts";
import { matrixOf, pickRows } from "../models/failure/rows.ts";
import { otherDevices } from "../models/failure/splits.ts";
import type { Fold } from "../models/folds.ts";
import { scoreProbabilities } from "../models/trees/model.ts";
import { UserError } from "./command.ts";
import { type SimulatedFleet, simulatedRows } from "./evaluate/simulated_atms.ts";
import type { Progress } from "./progress.ts";
import { describeJudged } from "./train_failure.ts";

const FLEET: SimulatedFleet = {
  seed: "telltale",
  atms: 400,
  days: 40,
  startAt: Date.UTC(2026, 0, 1),
  // Whose ATMs these will be is not known, nor how often they speak.
  everyMs: [30_000, 60_000, 150_000, 300_000],
};
const SEED = 1;

/** Returns what to tell. */
export async function trainSimulated(out: string, progress: Progress): Promise<string> {
  const { onnx, card } = await learnSimulated(FLEET, (text) => progress.show(() => text));
  try {
    await Deno.writeFile(out, onnx);
  } catch (error) {
    throw new UserError(`Cannot write ${out}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  progress.end();
  return `Trained a failure model on ${card.source}
${describeJudged(card)}
  model      ${card.sha256}
  written    ${out}, ${onnx.length} bytes`;
}

export async function learnSimulated(
  fleet: SimulatedFleet,
  onProgress: (text: string) => void,
): Promise<FailureFile> {
  const { atms, days, seed } = fleet;
  const rows = simulatedRows(fleet, (done) => onProgress(`simulating: ${done} of ${atms} ATMs`));
  const { learn, judge } = otherDevices(rows).at(-1) as Fold;
  const learned = await learnFailures(rows, learn, {
    trials: 0,
    seed: SEED,
    onProgress: ({ doing, done, of }) => onProgress(`${doing}: ${Math.floor(100 * done / of)} %`),
  });
  const others = pickRows(rows, judge);
  const probabilities = scoreProbabilities(learned.model, matrixOf(others));
  const card = cardOf(learned, {
    source: `simulated ATMs: ${atms} for ${days} days (seed "${seed}"), three quarters of them ` +
      "learned from, the others judged by",
    label: FAILURE_LABEL,
    simulated: true,
    judged: { otherAtms: judgeProbabilities(probabilities, others, learned.threshold) },
  });
  const file = await fileOf(learned.model, card);
  await proveFile(file.onnx, matrixOf(others));
  return file;
}
