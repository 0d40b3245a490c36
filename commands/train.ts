/** `./telltale train`: models from what the log holds, whether Telltale runs or not. */
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

/** What can be trained; each is loaded when it is asked for. */
const TRAINERS: Readonly<Record<string, () => Promise<{ train: Command["run"] }>>> = {
  lstm: () => import("./train_lstm.ts"),
};

export const command: Command = {
  summary: "train a model from the log: a forecaster of one series",
  help: `Usage: ./telltale train lstm --series ID [--seed N] [--epochs N] [--force]

Trains a forecaster (LSTM) on what a sensor has reported, and measures it on the last fifth, which it
has not seen, beside two naive forecasts: the last value, and the value of the same time yesterday.
It is put in force where it beats them. Works while Telltale runs, which takes the model up within
seconds; otherwise the next start does.

Options
  --series ID   the sensor
  --seed N      whole number; the same readings and seed give the same model (default 1)
  --epochs N    at most this many passes over the readings (default 20); it stops where it gets no better
  --force       put it in force even where it is no better

Examples
  ./telltale train lstm --series S1

Exit codes: 0 trained; 1 could not; 2 wrong usage; 130 interrupted (nothing was kept)`,

  async run(args, config) {
    const [what, ...rest] = args;
    const trainer = what !== undefined && Object.hasOwn(TRAINERS, what)
      ? TRAINERS[what]
      : undefined;
    if (trainer === undefined) {
      throw new UsageError(`Say what to train: ${Object.keys(TRAINERS).join(", ")}`);
    }
    return await (await trainer()).train(rest, config);
  },
};
