/** `./telltale train`: models from what the log holds, whether Telltale runs or not. */
import type { Command, Config } from "./command.ts";
import { UsageError } from "./usage.ts";

/** One thing that can be trained. */
export interface Trainer {
  /** What `./telltale train <name> --help` prints. */
  readonly help: string;
  run(args: readonly string[], config: Config): Promise<number>;
}

/** Each is loaded when it is asked for. */
const TRAINERS: Readonly<
  Record<string, { readonly summary: string; load(): Promise<{ trainer: Trainer }> }>
> = {
  lstm: {
    summary: "a forecaster of one series, from what a sensor has reported",
    load: () => import("./train_lstm.ts"),
  },
  failure: {
    summary: "what foretells that an ATM will fail, from what all of them have reported",
    load: () => import("./train_failure.ts"),
  },
};

const names = Object.keys(TRAINERS);

export const command: Command = {
  summary: "train a model from the log: a forecaster of one series, a foreteller of failures",
  help: `Usage: ./telltale train <what> [options]

${names.map((name) => `  ${name.padEnd(10)}${TRAINERS[name]?.summary}`).join("\n")}

Each is measured on the latest part of the log, which it has not seen, and put in force where that
shows it to be worth it. Works while Telltale runs, which takes the model up within seconds;
otherwise the next start does.
./telltale train <what> --help says which options it has.

Examples
  ./telltale train lstm --series S1
  ./telltale train failure

Exit codes: 0 trained; 1 could not; 2 wrong usage; 130 interrupted (nothing was kept)`,

  async run([name, ...args], config) {
    const chosen = name !== undefined && Object.hasOwn(TRAINERS, name) ? TRAINERS[name] : undefined;
    if (chosen === undefined) throw new UsageError(`Say what to train: ${names.join(", ")}`);
    return await (await chosen.load()).trainer.run(args, config);
  },

  async helpOn(name) {
    const chosen = Object.hasOwn(TRAINERS, name) ? TRAINERS[name] : undefined;
    return chosen && (await chosen.load()).trainer.help;
  },
};
