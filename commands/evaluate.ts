/** `./telltale evaluate`: how good the models are, on labelled data of the user's. */
import type { Command, Config } from "./command.ts";
import { UsageError } from "./usage.ts";

interface Evaluation {
  /** What is printed after the usage of `evaluate` itself: its options and what it reads. */
  readonly help: string;
  run(args: readonly string[], config: Config): Promise<number>;
}

const EVALUATIONS: Readonly<
  Record<string, { summary: string; load(): Promise<{ evaluation: Evaluation }> }>
> = {
  nab: {
    summary: "detectors on series labelled as the Numenta Anomaly Benchmark",
    load: () => import("./evaluate/nab.ts"),
  },
  skab: {
    summary: "detectors on series labelled as the Skoltech Anomaly Benchmark",
    load: () => import("./evaluate/skab.ts"),
  },
  bearings: {
    summary: "faults named in vibrations, and wear noticed before bearings fail",
    load: () => import("./evaluate/bearings.ts"),
  },
};

const names = Object.keys(EVALUATIONS);

export const command: Command = {
  summary: `measure the models on labelled data: ${names.join(", ")}`,
  help: `Usage: ./telltale evaluate <what> --data DIR [options]

${
    Object.entries(EVALUATIONS)
      .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
      .join("\n")
  }

Needs neither a running Telltale nor a database; nothing is kept.
./telltale evaluate <what> says what it reads and which options it has.

Examples
  ./telltale evaluate nab --data NAB
  ./telltale evaluate nab --data NAB --scores scores
  ./telltale evaluate bearings --data BEARINGS

Exit codes: 0 measured; 1 the data cannot be read, and why; 2 wrong usage`,

  async run([name, ...args], config) {
    const chosen = name === undefined ? undefined : EVALUATIONS[name];
    if (!chosen) {
      throw new UsageError(
        name === undefined
          ? `Say what to evaluate: one of ${names.join(", ")}`
          : `Cannot evaluate "${name}": expected one of ${names.join(", ")}`,
      );
    }
    const { evaluation } = await chosen.load();
    if (args.length === 0) {
      console.log(`Usage: ./telltale evaluate ${name} --data DIR [options]\n\n${evaluation.help}`);
      return 2;
    }
    return await evaluation.run(args, config);
  },
};
