/** `./telltale evaluate failure`: how well failures are foretold, on simulated ATMs or machines of the user's. */
import { parseArguments, wholeNumber } from "../arguments.ts";
import { UserError } from "../command.ts";
import { startProgress } from "../progress.ts";
import { UsageError } from "../usage.ts";
import type { LearningSettings } from "./failure_learning.ts";
import { writeText } from "./series_files.ts";

interface Options {
  readonly data: string | undefined;
  readonly train: string | undefined;
  readonly anchors: string | undefined;
  readonly scores: string | undefined;
  readonly card: string | undefined;
  readonly trials: number;
  readonly seed: number;
}

const TRIALS = 0;
const TRIALS_MAX = 1000;
const SEED_MAX = 2 ** 31 - 1;

export const evaluation = {
  /** Without options there is the simulator. */
  needsOptions: false,

  help:
    `Learns to foretell that a failure begins within 4 hours, from the past 24, and measures it on rows
that were not learned from: of later times, and of other devices.

Without --data it simulates ATMs, of which it is known how well anybody could foretell them.
With --data it reads a folder shaped like Microsoft's predictive-maintenance set, files plain or .gz:
  PdM_telemetry*.csv   datetime,machineID,volt,rotate,pressure,vibration; hourly
  PdM_errors.csv       datetime,machineID,errorID
  PdM_failures.csv     datetime,machineID,failure; a folder without it is scored, not judged
  PdM_maint.csv        datetime,machineID,comp
  PdM_machines.csv     machineID,model,age
There it stands beside the one-line rule that this set yields to (an error at six in the morning is
a failure a day later), persistence, and a model of the telemetry alone. Machines whose telemetry
goes on for 60 days are shown apart: the rest may have been picked around failures.

Options
  --data DIR      where the data is
  --train DIR     learn from this folder, and judge by all of --data
  --anchors CSV   score these: machineID,datetime, as many lines as you like
  --scores CSV    write there machineID,datetime,score for each anchor, in their order. Without
                  --train each is scored by a model that has not seen its machine
  --card FILE     write the model card there, as JSON
  --trials N      parameters to try beside the usual ones, 0 to ${TRIALS_MAX} (default ${TRIALS})
  --seed N        whole number; the same data and seed give the same model (default 1)

Examples
  ./telltale evaluate failure
  ./telltale evaluate failure --data PDM
  ./telltale evaluate failure --data NEW --train PDM --anchors anchors.csv --scores scores.csv`,

  async run(args: readonly string[]): Promise<number> {
    const { data, train, anchors, scores, card: cardPath, trials, seed } = readOptions(args);
    const progress = startProgress();
    const settings: LearningSettings = { trials, seed, progress };
    try {
      const card = data === undefined
        ? await (await import("./failure_simulated.ts")).evaluateSimulated(settings)
        : await (await import("./failure_machines.ts")).evaluateMachines(
          { data, train, anchors, scores },
          settings,
        );
      if (cardPath !== undefined) await writeText(cardPath, `${JSON.stringify(card, null, 2)}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "TooFewFailuresError") throw error;
      throw new UserError(error.message, { cause: error });
    } finally {
      progress.end();
    }
  },
};

function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { data, train, anchors, scores, card, trials, seed } = parseArguments(args, {
    options: {
      data: text,
      train: text,
      anchors: text,
      scores: text,
      card: text,
      trials: text,
      seed: text,
    },
  }).values;
  if (data === undefined && (train ?? anchors ?? scores) !== undefined) {
    throw new UsageError("Say where the data is: --data DIR");
  }
  if ((anchors === undefined) !== (scores === undefined)) {
    throw new UsageError(
      "Say both what to score and where to write it: --anchors CSV --scores CSV",
    );
  }
  return {
    data,
    train,
    anchors,
    scores,
    card,
    trials: wholeNumber("--trials", trials ?? String(TRIALS), TRIALS_MAX),
    seed: wholeNumber("--seed", seed ?? "1", SEED_MAX),
  };
}
