/** `./telltale import machines`: a plant's machines, bearings and readings, from its server or files. */
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import type { NatsConnection } from "../../events/bus/connection.ts";
import { parseInstant } from "../../events/instant.ts";
import type { Sql } from "../../events/log/database.ts";
import { parseArguments, wholeNumber } from "../arguments.ts";
import { INTERRUPTED, InterruptedError, print, withLog } from "../audit.ts";
import { connectToRunning } from "../bus.ts";
import type { Config } from "../command.ts";
import { count, type Progress, startProgress } from "../progress.ts";
import { UsageError } from "../usage.ts";
import { watchLog } from "./log_state.ts";
import { importFromApi } from "./machines_from_api.ts";
import { importFromFiles } from "./machines_from_files.ts";
import { createMachineTeller, type MachineCounts, type MachineTeller } from "./machine_teller.ts";
import { datesUntil } from "./machine_rows.ts";
import { createSender, type Sender } from "./sender.ts";

export const MACHINES_HELP =
  `  --source URL|PATH    the plant's server (POST /Machine, GET /Bearing, POST /Data); or a folder
                       of files called machines, bearings and readings (.csv, .csv.gz, .ndjson)
  --date DATE          ask the server for this day (today in UTC); of files take this day only
  --backfill-days N    and so many days before it (0)
  --timeout SECONDS    how long the server has for an answer (30); it is asked four times`;

/** What went wrong with one machine or row, while the rest went on. */
export type Trouble = (what: string) => void;

export interface MachineImport {
  readonly teller: MachineTeller;
  readonly dates: readonly string[] | undefined;
  readonly trouble: Trouble;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

interface Options {
  readonly source: string;
  readonly dates: readonly string[] | undefined;
  readonly timeoutMs: number;
}

/** Enough to see what is wrong. */
const TROUBLES_SHOWN_MAX = 10;

export async function importMachines(args: readonly string[], config: Config): Promise<number> {
  const options = readArguments(args);
  const startedAt = performance.now();
  const troubles: string[] = [];
  const progress = startProgress();
  const connection = await connectToRunning(config, "import");
  try {
    const { counts, refused } = await withLog(
      config,
      "import",
      (sql, signal) =>
        run(options, { sql, connection, progress, signal, trouble: (text) => troubles.push(text) }),
    );
    progress.end();
    print(describe(counts, troubles, refused, (performance.now() - startedAt) / 1000));
    return troubles.length > 0 || refused.count > 0 ? 1 : 0;
  } catch (error) {
    progress.end();
    if (!(error instanceof InterruptedError)) throw error;
    print("Interrupted. What was sent is kept; import again to send the rest.");
    return INTERRUPTED;
  } finally {
    await connection.close();
  }
}

interface Refused {
  readonly count: number;
  readonly reason: string | undefined;
}

async function run(
  { source, dates, timeoutMs }: Options,
  { sql, connection, progress, signal, trouble }: {
    readonly sql: Sql;
    readonly connection: NatsConnection;
    readonly progress: Progress;
    readonly signal: AbortSignal;
    readonly trouble: Trouble;
  },
): Promise<{ counts: Readonly<MachineCounts>; refused: Refused }> {
  const log = watchLog(sql, connection);
  await log.requireOwner();
  progress.show(() => "Waiting until the log has what is on the bus …");
  await log.busToLog();
  await log.logToReadModels();

  const publisher = createPublisher(connection);
  const sender: Sender = createSender(publisher, {
    source: "import machines",
    onSilence: log.requireOwner,
  });
  const teller = createMachineTeller(sql, sender);
  try {
    const work = { teller, dates, trouble, progress, signal };
    if (isUrl(source)) await importFromApi(source, timeoutMs, { ...work, dates: dates ?? [] });
    else await importFromFiles(source, work);
    await teller.finish();
    await sender.finish();
    progress.show(() => "Waiting until the read models have it …");
    if (sender.tally.unanswered > 0) {
      await log.busToLog();
      await log.logToReadModels();
    } else await log.logToReadModels(sender.tally.offsets);
    const { refused, refusal } = sender.tally;
    return { counts: teller.counts, refused: { count: refused, reason: refusal } };
  } finally {
    teller.stop();
    publisher.close();
  }
}

function describe(
  { described, readings, known }: Readonly<MachineCounts>,
  troubles: readonly string[],
  refused: Refused,
  seconds: number,
): string {
  const lines = [
    `${count(described)} machines and bearings new or changed`,
    `${count(readings + known)} readings: ${count(readings)} new, ${count(known)} known already`,
    `${
      troubles.length === 0 ? "All of it" : "The rest"
    } is in the log and in every read model. It took ${seconds.toFixed(1)} s.`,
  ];
  if (troubles.length > 0) {
    lines.push(
      `${count(troubles.length)} could NOT be imported; import again when the source is well:`,
      ...troubles.slice(0, TROUBLES_SHOWN_MAX).map((text) => `  ${text}`),
    );
    if (troubles.length > TROUBLES_SHOWN_MAX) {
      lines.push(`  and ${count(troubles.length - TROUBLES_SHOWN_MAX)} more`);
    }
  }
  if (refused.count > 0) {
    lines.push(
      `${count(refused.count)} messages were NOT understood and went to quarantine. The first: ${
        refused.reason ?? ""
      }`,
    );
  }
  return lines.join("\n");
}

function isUrl(source: string): boolean {
  return /^https?:\/\//.test(source);
}

const BACKFILL_DAYS_MAX = 3_660;
const TIMEOUT_SECONDS_MAX = 600;

function readArguments(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { source, date, timeout = "30", "backfill-days": backfill } = parseArguments(args, {
    options: { source: text, date: text, "backfill-days": text, timeout: text },
  }).values;
  if (source === undefined) throw new UsageError("Say where from: --source URL or --source PATH");
  const days = wholeNumber("--backfill-days", backfill ?? "0", BACKFILL_DAYS_MAX);
  const seconds = wholeNumber("--timeout", timeout, TIMEOUT_SECONDS_MAX);
  if (date !== undefined && (!/^\d{4}-\d\d-\d\d$/.test(date) || parseInstant(date) === undefined)) {
    throw new UsageError(`--date is "${date}"; expected a date such as 2026-01-31`);
  }
  const asked = date !== undefined || backfill !== undefined || isUrl(source);
  const last = date ?? new Date().toISOString().slice(0, "2026-01-31".length);
  return {
    source,
    dates: asked ? datesUntil(last, days) : undefined,
    timeoutMs: Math.max(1, seconds) * 1_000,
  };
}
