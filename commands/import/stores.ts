/** `./telltale import stores`: polls, business hours and time zones of a chain, from its files. */
import { parseArguments } from "../arguments.ts";
import type { Config } from "../command.ts";
import { count, rate } from "../progress.ts";
import { UsageError } from "../usage.ts";
import { type SurveyedFile, surveyFile } from "./files.ts";
import { importing, type Tools } from "./importing.ts";
import { importPolls, type PollCounts } from "./polls.ts";
import { importSchedules, type ScheduleCounts } from "./schedules.ts";
import { createUnreadables, type Unreadables } from "./unreadable.ts";

export const STORES_HELP =
  `  --status FILE      polls: store_id, status (active | inactive), timestamp_utc
  --hours FILE       business hours: store_id, day (0 = Monday), start_time_local, end_time_local;
                     several rows a day are allowed
  --timezones FILE   zones: store_id, timezone_str`;

interface Files {
  readonly status?: SurveyedFile<"status"> | undefined;
  readonly hours?: SurveyedFile<"hours"> | undefined;
  readonly timezones?: SurveyedFile<"timezones"> | undefined;
}

export async function importStores(args: readonly string[], config: Config): Promise<number> {
  const paths = readArguments(args);
  const startedAt = performance.now();
  const files: Files = {
    status: paths.status === undefined ? undefined : await surveyFile("status", paths.status),
    hours: paths.hours === undefined ? undefined : await surveyFile("hours", paths.hours),
    timezones: paths.timezones === undefined
      ? undefined
      : await surveyFile("timezones", paths.timezones),
  };
  return await importing(config, {
    source: "import stores",
    tell: (tools) => tell(files, tools),
    describe: (told) => ({
      lines: describe(told, (performance.now() - startedAt) / 1000),
      complete: true,
    }),
  });
}

interface Told {
  readonly unreadables: Unreadables;
  readonly schedules: ScheduleCounts | undefined;
  readonly polls: PollCounts | undefined;
}

async function tell(files: Files, { sql, sender, progress }: Tools): Promise<Told> {
  const unreadables = createUnreadables(sql, sender);
  const schedules = files.hours || files.timezones
    ? await importSchedules(sql, sender, unreadables, files, () => {
      progress.show(() => "Reading hours and zones …");
    })
    : undefined;
  const startedAt = performance.now();
  const polls = files.status && await importPolls({
    sql,
    sender,
    unreadables,
    now: Date.now(),
    onProgress: (counts) =>
      progress.show(() => underWay(counts, files.status?.lines ?? 0, startedAt)),
  }, files.status);
  return { unreadables, schedules, polls };
}

function underWay(counts: Readonly<PollCounts>, lines: number, startedAt: number): string {
  const { rows, sent, acknowledged } = counts;
  const seconds = (performance.now() - startedAt) / 1000;
  const polls = Math.max(lines - 1, 1);
  if (sent === 0) return `${count(rows)} of ${count(polls)} lines read`;
  const share = (acknowledged + counts.known) / polls;
  // From the first few answers alone the time left would be a wild guess.
  const left = share < 0.02 ? "" : `, ${Math.ceil(seconds * (1 / share - 1))} s left`;
  return `${count(acknowledged)} of ${count(polls)} polls in the log (${
    Math.floor(100 * acknowledged / polls)
  } %), ${count(rate(acknowledged, seconds))}/s${left}`;
}

function describe({ schedules, polls, unreadables }: Told, seconds: number): string[] {
  const lines: string[] = [];
  if (schedules) {
    lines.push(
      `Hours and zones of ${count(schedules.stores)} stores: ${
        count(schedules.sent)
      } new or changed, ${count(schedules.stores - schedules.sent)} known already`,
    );
  }
  if (polls) {
    lines.push(
      `${count(polls.rows)} polls: ${count(polls.acknowledged)} new, ${
        count(polls.known)
      } known already (${count(rate(polls.rows, seconds))}/s)`,
    );
  }
  lines.push(
    `All of it is in the log and in every read model. It took ${seconds.toFixed(1)} s.`,
  );
  if (unreadables.count > 0) {
    const { known, shown } = unreadables;
    lines.push(
      `${count(unreadables.count)} line${
        unreadables.count === 1 ? "" : "s"
      } could not be read and went to quarantine${
        known > 0 ? ` (${count(known)} of them in an earlier import)` : ""
      }:`,
      ...shown.map((line) => `  ${line}`),
    );
    if (unreadables.count > shown.length) {
      lines.push(`  and ${count(unreadables.count - shown.length)} more, in quarantine`);
    }
  }
  return lines;
}

function readArguments(args: readonly string[]) {
  const text = { type: "string" } as const;
  const { values } = parseArguments(args, {
    options: { status: text, hours: text, timezones: text },
  });
  if (values.status ?? values.hours ?? values.timezones) return values;
  throw new UsageError("Name at least one file: --status, --hours or --timezones");
}
