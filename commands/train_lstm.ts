/** `./telltale train lstm`: a forecaster of one series. */
import { DEVICE_ID } from "../events/vocabulary.ts";
import { migrate } from "../migrations/migrate.ts";
import type { LstmCard } from "../models/lstm/card.ts";
import { EPOCHS_LIMIT, EPOCHS_MAX } from "../models/lstm/limits.ts";
import { type KeptModel, trainFromLog } from "../routes/training/lstm.ts";
import { parseArguments, wholeNumber } from "./arguments.ts";
import { INTERRUPTED, InterruptedError, print, withLog } from "./audit.ts";
import { type Config, UserError } from "./command.ts";
import { count, startProgress } from "./progress.ts";
import type { Trainer } from "./train.ts";
import { UsageError } from "./usage.ts";

const SEED_MAX = 2 ** 31 - 1;

const HELP = `Usage: ./telltale train lstm --series ID [--seed N] [--epochs N] [--force]

Trains a forecaster (LSTM) on what a sensor has reported, and measures it on the last fifth, which it
has not seen, beside two naive forecasts: the last value, and the value of the same time yesterday.
It is put in force where it beats them.

Options
  --series ID   the sensor
  --seed N      whole number; the same readings and seed give the same model (default 1)
  --epochs N    at most this many passes over the readings (default 20); it stops where it gets no better
  --force       put it in force even where it is no better

Examples
  ./telltale train lstm --series S1

Exit codes: 0 trained; 1 could not; 2 wrong usage; 130 interrupted (nothing was kept)`;

export const trainer: Trainer = { help: HELP, run: train };

async function train(args: readonly string[], config: Config): Promise<number> {
  const order = readOrder(args);
  const progress = startProgress();
  let kept: KeptModel;
  try {
    kept = await withLog(config, "train", async (sql, signal) => {
      await migrate(sql);
      return await trainFromLog(sql, order, {
        now: Date.now(),
        signal,
        onProgress: ({ epoch, epochsMax, share, loss }) =>
          progress.show(() =>
            `epoch ${epoch} of at most ${epochsMax} (${Math.floor(100 * share)} %), loss ${
              loss.toFixed(4)
            }`
          ),
      });
    });
  } catch (error) {
    progress.end();
    if (error instanceof InterruptedError) return INTERRUPTED;
    if (error instanceof Error && error.name === "TooLittleDataError") {
      throw new UserError(error.message, { cause: error });
    }
    throw error;
  }
  progress.end();
  print(reportOf(kept));
  return 0;
}

function reportOf({ sha256, card, promote }: KeptModel): string {
  const { data, holdOut, loss, bestEpoch, trainingSeconds, errorQuantiles } = card;
  return `Trained a forecaster of ${card.series} in ${trainingSeconds.toFixed(1)} s
  readings   ${count(data.readings)}, ${data.from} to ${data.to}
  learned    from ${
    count(data.trainWindows)
  } windows, the best of ${loss.length} epochs was ${bestEpoch}
  measured   on ${count(data.holdOutWindows)} windows from ${data.holdOutFrom} on
  mean error ${errorsOf(holdOut)}
  99 %       of the errors are below ${short(errorQuantiles.p99)}
  model      ${sha256}

${card.verdict}.
${
    promote
      ? "It is put in force as soon as Telltale hears of it: within seconds where it runs, else at its next start."
      : "It is kept, but not put in force; --force does that."
  }`;
}

function errorsOf({ lstm, lastValue, sameTimeYesterday }: LstmCard["holdOut"]): string {
  const yesterday = sameTimeYesterday === null
    ? "no day before to compare with"
    : `same time yesterday ${short(sameTimeYesterday.mae)}`;
  return `${short(lstm.mae)}; last value ${short(lastValue.mae)}; ${yesterday}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function readOrder(args: readonly string[]): Parameters<typeof trainFromLog>[1] {
  const text = { type: "string" } as const;
  const { series, seed = "1", epochs = String(EPOCHS_MAX), force = false } = parseArguments(args, {
    options: { series: text, seed: text, epochs: text, force: { type: "boolean" } },
  }).values;
  if (series === undefined) throw new UsageError("Say of which sensor: --series ID");
  if (!DEVICE_ID.test(series)) {
    throw new UsageError(
      `Cannot train on "${series}": an id is 1 to 64 letters, digits, "_", ":" or "-"`,
    );
  }
  return {
    series,
    seed: wholeNumber("--seed", seed, SEED_MAX),
    epochsMax: wholeNumber("--epochs", epochs, EPOCHS_LIMIT, 1),
    force,
    by: "command line",
  };
}
