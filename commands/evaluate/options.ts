/** `--data DIR [--scores DIR]`, which evaluations of series have in common. */
import { parseArgs } from "node:util";
import { UsageError } from "../usage.ts";

export interface SeriesOptions {
  readonly data: string;
  /** Where to write the scores of every file; undefined for nowhere. */
  readonly scores: string | undefined;
}

export function readSeriesOptions(args: readonly string[]): SeriesOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { data: { type: "string" }, scores: { type: "string" } },
    });
    if (values.data === undefined) throw new UsageError("Say where the data is: --data DIR");
    return { data: values.data, scores: values.scores };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
