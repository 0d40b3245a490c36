/** `./telltale report`: the uptime of stores as a file, whether Telltale runs or not. */
import { messageOf } from "../events/errors.ts";
import type { Sql } from "../events/log/database.ts";
import { readHeads } from "../events/log/query.ts";
import { formatInstant } from "../events/instant.ts";
import { startProjector } from "../projections/projector.ts";
import { caughtUp, READ_BY_REPORTS } from "../reports/caught_up.ts";
import { compute, type Table } from "../reports/compute.ts";
import { ReportError, writeFile } from "../reports/files.ts";
import type { ReportRequest } from "../reports/request.ts";
import { ReportBody, requestOf } from "../routes/report_schemas.ts";
import { parseArguments } from "./arguments.ts";
import { INTERRUPTED, InterruptedError, withLog } from "./audit.ts";
import { type Command, type Config, UserError } from "./command.ts";
import { count, progressText, startProgress } from "./progress.ts";
import { UsageError } from "./usage.ts";

export const command: Command = {
  summary: "write how long each store was up as a CSV file, JSON or a spreadsheet",
  help: `Usage: ./telltale report [--now MOMENT|max] [--out FILE] [options]

Computes the uptime of stores during their business hours from everything in the log, and writes
it to a file or to standard output. Works while Telltale runs, and when it does not.

Options
  --now MOMENT       the moment the report is made for, such as 2023-01-25T18:13:22Z; max (the
                     default) is the latest poll of all stores
  --out FILE         where to write it; standard output by default
  --format FORMAT    summary (the default): the last hour in minutes, the last day and week in
                     hours, one line a store; csv, json and xlsx say more, and take these:
  --windows W,W…     stretches that end at now, as 90m, 1h, 1d, 7d; 1h,1d,7d by default
  --from M [--to M]  one stretch instead
  --staleness S      time farther than this from any poll is unknown, such as 2h
  --stores ID,ID…    only these stores; every store ever polled by default

Examples
  ./telltale report --now max --out report.csv
  ./telltale report --format xlsx --windows 1d,30d --staleness 3h --out month.xlsx
  ./telltale report --format json --stores 8419537941919820732 --from 2023-01-20 --to 2023-01-25

Exit codes: 0 written; 1 could not be made or written; 2 wrong usage; 130 interrupted`,

  async run(args, config) {
    const { request, out } = readArguments(args);
    if (out === undefined && request.format === "xlsx" && Deno.stdout.isTerminal()) {
      throw new UsageError("Cannot show a spreadsheet here: say where to write it with --out");
    }
    const startedAt = performance.now();
    try {
      const { table, file } = await makeFile(config, request);
      await write(out, file);
      tell(table, file.length, out, (performance.now() - startedAt) / 1000);
      return 0;
    } catch (error) {
      if (error instanceof InterruptedError) return INTERRUPTED;
      if (error instanceof ReportError) throw new UserError(error.message, { cause: error });
      throw error;
    }
  },
};

function readArguments(args: readonly string[]): { request: ReportRequest; out?: string } {
  const text = { type: "string" } as const;
  const { stores, windows, out, ...rest } = parseArguments(args, {
    options: {
      now: text,
      out: text,
      format: text,
      windows: text,
      from: text,
      to: text,
      staleness: text,
      stores: text,
    },
  }).values;
  const parsed = ReportBody.safeParse({
    format: "summary",
    ...rest,
    ...(stores === undefined ? {} : { stores: stores.split(",") }),
    ...(windows === undefined ? {} : { windows: windows.split(",") }),
  });
  if (!parsed.success) {
    throw new UsageError(
      parsed.error.issues.map(({ path, message }) => `Cannot use --${String(path[0])}: ${message}`)
        .join("\n"),
    );
  }
  return { request: requestOf(parsed.data), ...(out === undefined ? {} : { out }) };
}

async function makeFile(
  config: Config,
  request: ReportRequest,
): Promise<{ table: Table; file: Uint8Array }> {
  const progress = startProgress();
  try {
    return await withLog(config, "report", async (sql, signal) => {
      await catchUp(sql, signal, (lag) => progress.show(() => `${count(lag)} events to catch up`));
      const startedAt = performance.now();
      const table = await compute(sql, request, {
        onProgress(done, total) {
          signal.throwIfAborted();
          const seconds = (performance.now() - startedAt) / 1000;
          progress.show(() => progressText(done, total, "stores", seconds));
        },
      });
      return { table, file: await writeFile(table, request.format) };
    });
  } finally {
    progress.end();
  }
}

const LOOK_MS = 250;

/**
 * Waits until what a report reads holds the whole log. A Telltale that runs sees to that itself;
 * that this folds along does no harm, for whoever comes second writes nothing.
 */
async function catchUp(
  sql: Sql,
  signal: AbortSignal,
  onLag: (events: number) => void,
): Promise<void> {
  const heads = await readHeads(sql);
  const projector = await startProjector({
    sql,
    projections: READ_BY_REPORTS,
    partitions: [...heads.keys()],
  });
  try {
    while (!await caughtUp(projector, heads, LOOK_MS)) {
      signal.throwIfAborted();
      onLag(Math.max(...projector.lag().values()));
    }
  } finally {
    await projector.stop();
  }
}

async function write(out: string | undefined, file: Uint8Array): Promise<void> {
  if (out === undefined) {
    for (let at = 0; at < file.length;) at += await Deno.stdout.write(file.subarray(at));
    return;
  }
  try {
    await Deno.writeFile(out, file);
  } catch (error) {
    throw new UserError(
      `Cannot write "${out}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** On standard error: standard output may be the file. */
function tell({ now, stores }: Table, bytes: number, out: string | undefined, seconds: number) {
  const text = `${count(stores.length)} stores${
    now === null ? "" : ` as of ${formatInstant(now)}`
  }, ${count(bytes)} bytes${out === undefined ? "" : ` in ${out}`}, ${seconds.toFixed(1)} s\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
