/** `./telltale import machines`: a plant's machines, bearings and readings, from its server or files. */
import { dateOf, formatInstant, parseInstant } from "../../events/instant.ts";
import { parseArguments, wholeNumber } from "../arguments.ts";
import type { Config } from "../command.ts";
import { count, type Progress } from "../progress.ts";
import { UsageError } from "../usage.ts";
import { importing, type Tools } from "./importing.ts";
import { importFromApi } from "./machines_from_api.ts";
import { importFromFiles } from "./machines_from_files.ts";
import { createMachineTeller, type MachineCounts, type MachineTeller } from "./machine_teller.ts";
import { datesUntil } from "./machine_rows.ts";

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
  return await importing(config, {
    source: "import machines",
    tell: (tools) => tell(options, tools, (trouble) => troubles.push(trouble)),
    describe: (counts) => ({
      lines: describe(counts, troubles, (performance.now() - startedAt) / 1000),
      complete: troubles.length === 0,
    }),
  });
}

async function tell(
  { source, dates, timeoutMs }: Options,
  { sql, sender, progress, signal }: Tools,
  trouble: Trouble,
): Promise<Readonly<MachineCounts>> {
  const teller = createMachineTeller(sql, sender);
  try {
    const work = { teller, dates, trouble, progress, signal };
    if (isUrl(source)) await importFromApi(source, timeoutMs, { ...work, dates: dates ?? [] });
    else await importFromFiles(source, work);
    await teller.finish();
    return teller.counts;
  } finally {
    teller.stop();
  }
}

function describe(
  { described, readings, known }: Readonly<MachineCounts>,
  troubles: readonly string[],
  seconds: number,
): string[] {
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
  return lines;
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
  const last = date ?? dateOf(formatInstant(Date.now()));
  return {
    source,
    dates: asked ? datesUntil(last, days) : undefined,
    timeoutMs: Math.max(1, seconds) * 1_000,
  };
}
