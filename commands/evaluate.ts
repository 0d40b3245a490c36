/** `./telltale evaluate`: how good the models are, on labelled data of the user's. */
import type { Command, Config } from "./command.ts";
import { UsageError } from "./usage.ts";

interface Evaluation {
  /** What is printed after the usage of `evaluate` itself: its options and what it reads. */
  readonly help: string;
  /** Whether there is nothing to measure without being told where the data is. @default true */
  readonly needsOptions?: boolean;
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
  failure: {
    summary: "failures foretold, on simulated ATMs or machines of your own",
    load: () => import("./evaluate/failure.ts"),
  },
};

const names = Object.keys(EVALUATIONS);

export const command: Command = {
  summary: `measure the models on labelled data: ${names.join(", ")}`,
  help: `Usage: ./telltale evaluate <what> [--data DIR] [options]

${
    Object.entries(EVALUATIONS)
      .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
      .join("\n")
  }

Needs neither a running Telltale nor a database; nothing is kept.
./telltale evaluate <what> --help says what it reads and which options it has.

Examples
  ./telltale evaluate nab --data NAB
  ./telltale evaluate nab --data NAB --scores scores
  ./telltale evaluate bearings --data BEARINGS
  ./telltale evaluate failure

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
    const needsOptions = evaluation.needsOptions ?? true;
    if (args.length === 0 && needsOptions) {
      console.log(usageOf(name as string, evaluation));
      return 2;
    }
    return await evaluation.run(args, config);
  },

  async helpOn(name) {
    const chosen = Object.hasOwn(EVALUATIONS, name) ? EVALUATIONS[name] : undefined;
    return chosen && usageOf(name, (await chosen.load()).evaluation);
  },
};

function usageOf(name: string, { help, needsOptions = true }: Evaluation): string {
  const data = needsOptions ? "--data DIR" : "[--data DIR]";
  return `Usage: ./telltale evaluate ${name} ${data} [options]\n\n${help}`;
}
