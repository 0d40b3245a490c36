/** `--data DIR [--scores DIR]`, which evaluations of series have in common. */
import { parseArguments } from "../arguments.ts";
import { UsageError } from "../usage.ts";

export interface SeriesOptions {
  readonly data: string;
  /** Where to write the scores of every file; undefined for nowhere. */
  readonly scores: string | undefined;
}

export function readSeriesOptions(args: readonly string[]): SeriesOptions {
  const { data, scores } = parseArguments(args, {
    options: { data: { type: "string" }, scores: { type: "string" } },
  }).values;
  if (data === undefined) throw new UsageError("Say where the data is: --data DIR");
  return { data, scores };
}
