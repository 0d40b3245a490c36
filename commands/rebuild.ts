/** `./telltale rebuild`: read models anew, from the first event, while the old ones answer. */
import { parseArguments } from "./arguments.ts";
import { migrate } from "../migrations/migrate.ts";
import { projections } from "../projections/mod.ts";
import type { Projection } from "../projections/projection.ts";
import { rebuildAll, type RebuildResult } from "../projections/rebuild.ts";
import { INTERRUPTED, InterruptedError, print, withLog } from "./audit.ts";
import { type Command, UserError } from "./command.ts";
import { count, progressText, rate, startProgress } from "./progress.ts";
import { UsageError } from "./usage.ts";

export const command: Command = {
  summary: "build read models anew from the log, while the old ones go on answering",
  help: `Usage: ./telltale rebuild <projection>… | all | --list

Folds the log from its first event into new tables beside the old ones, and swaps them in. Answers
go on coming from the old tables until then. Works while Telltale runs, and when it does not.

Examples
  ./telltale rebuild --list
  ./telltale rebuild trends
  ./telltale rebuild all

Exit codes: 0 rebuilt; 1 could not; 2 wrong usage; 130 interrupted (the old tables are untouched)`,

  async run(args, config) {
    const chosen = readArguments(args);
    if (chosen === "list") {
      for (const { name, version } of projections) print(`${name} (version ${version})`);
      return 0;
    }
    const startedAt = performance.now();
    const progress = startProgress();
    let result: RebuildResult;
    try {
      result = await withLog(config, "rebuild", async (sql) => {
        await migrate(sql);
        return await rebuildAll(sql, chosen, {
          keep: config.keep,
          onProgress: ({ events, total }) =>
            progress.show(() =>
              progressText(events, total, "events", (performance.now() - startedAt) / 1000)
            ),
        });
      });
    } catch (error) {
      progress.end();
      if (error instanceof InterruptedError) return INTERRUPTED;
      if (error instanceof Error && error.name === "RebuildUnderWayError") {
        throw new UserError(error.message, { cause: error });
      }
      throw error;
    }
    progress.end();
    const names = chosen.map(({ name }) => name).join(", ");
    const { events, seconds } = result;
    print(
      `Rebuilt ${names} from ${count(events)} events in ${seconds.toFixed(1)} s (${
        count(rate(events, seconds))
      } events/s)`,
    );
    return 0;
  },
};

function readArguments(args: readonly string[]): readonly Projection[] | "list" {
  const { positionals, values } = parseArguments(args, {
    options: { list: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.list) return "list";
  const names = projections.map(({ name }) => name);
  const [first] = positionals;
  if (first === undefined) {
    throw new UsageError(`Say what to rebuild: all, or one of ${names.join(", ")}`);
  }
  if (positionals.length === 1 && first === "all") return projections;
  for (const name of positionals) {
    if (names.includes(name)) continue;
    throw new UsageError(
      `Cannot rebuild "${name}": there is no such projection; expected all, or some of ${
        names.join(", ")
      }`,
    );
  }
  return projections.filter(({ name }) => positionals.includes(name));
}
