/** What a report looks like as a file: the contract's CSV, a richer CSV, JSON or a spreadsheet. */
import { formatInstant, HOUR_MS } from "../events/instant.ts";
import type { StoreUptimes, Table } from "./compute.ts";
import type { Format, ReportRequest, Window } from "./request.ts";
import type { Uptime } from "../models/availability.ts";

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  summary: "text/csv; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** The report cannot be made as it was asked for; the message says why, to whoever asked. */
export class ReportError extends Error {
  override readonly name = "ReportError";
}

/** What the file of this report is called when it is saved. */
export function fileName(id: string, { format }: Pick<ReportRequest, "format">): string {
  return `store_report_${id}.${format === "summary" ? "csv" : format}`;
}

/** The same bytes for the same table, except that a spreadsheet says when it was made. */
export async function writeFile(
  table: Table,
  format: Format,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (format) {
    case "summary":
      return encode(summary(table));
    case "csv":
      return encode(csv(table));
    case "json":
      return encode(json(table));
    case "xlsx":
      return await spreadsheet(table);
  }
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

const MINUTE_MS = 60_000;

const SUMMARY_HEAD = "store_id,uptime_last_hour,uptime_last_day,uptime_last_week," +
  "downtime_last_hour,downtime_last_day,downtime_last_week";
/** The hour is counted in minutes, the day and the week in hours. */
const SUMMARY_UNITS_MS = [MINUTE_MS, HOUR_MS, HOUR_MS];

function summary({ stores }: Table): string {
  const lines = [SUMMARY_HEAD];
  for (const { id, uptimes } of stores) {
    const cells = [
      ...uptimes.map(({ uptimeMs }, i) => hundredths(uptimeMs, SUMMARY_UNITS_MS[i] ?? HOUR_MS)),
      ...uptimes.map(({ downtimeMs }, i) => hundredths(downtimeMs, SUMMARY_UNITS_MS[i] ?? HOUR_MS)),
    ];
    lines.push(`${id},${cells.join(",")}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A span of time in a unit, with two decimals, half a hundredth rounded up. */
export function hundredths(ms: number, unitMs: number): string {
  // Counted in whole microseconds, so that half is half and not a little less.
  const count = Math.round(Math.round(ms * 1000) / (unitMs * 10));
  return `${Math.floor(count / 100)}.${String(count % 100).padStart(2, "0")}`;
}

/** One row per store and window. Ids and zones have no character that CSV would have to quote. */
function csv({ windows, stores }: Table): string {
  const lines = [COLUMNS.join(",")];
  forEachRow(windows, stores, (row) => lines.push(row.join(",")));
  return `${lines.join("\n")}\n`;
}

const COLUMNS = [
  "store_id",
  "timezone",
  "window",
  "from",
  "to",
  "business_hours",
  "uptime_hours",
  "downtime_hours",
  "unknown_hours",
  "uptime_percent",
];

type Row = [string, string, string, string, string, number, number, number, number, number | ""];

function forEachRow(
  windows: readonly Window[],
  stores: readonly StoreUptimes[],
  visit: (row: Row) => void,
): void {
  const bounds = windows.map((
    { name, from, to },
  ) => [name, formatInstant(from), formatInstant(to)]);
  for (const { id, zone, uptimes } of stores) {
    for (const [i, uptime] of uptimes.entries()) {
      const [name = "", from = "", to = ""] = bounds[i] ?? [];
      visit([id, zone ?? "", name, from, to, ...hoursOf(uptime), percentOf(uptime) ?? ""]);
    }
  }
}

/** Business, up, down and unknown, in hours: four decimals are a third of a second. */
function hoursOf(uptime: Uptime): [number, number, number, number] {
  const { uptimeMs, downtimeMs, unknownMs } = uptime;
  return [
    rounded(businessMs(uptime) / HOUR_MS, 4),
    rounded(uptimeMs / HOUR_MS, 4),
    rounded(downtimeMs / HOUR_MS, 4),
    rounded(unknownMs / HOUR_MS, 4),
  ];
}

export function businessMs({ uptimeMs, downtimeMs, unknownMs }: Uptime): number {
  return Math.round((uptimeMs + downtimeMs + unknownMs) * 1000) / 1000;
}

/** Of the time that is known; null where none is. */
function percentOf({ uptimeMs, downtimeMs }: Uptime): number | null {
  const known = uptimeMs + downtimeMs;
  return known === 0 ? null : rounded(100 * uptimeMs / known, 4);
}

function rounded(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}

function json({ now, windows, stalenessMs, stores }: Table): string {
  const head = JSON.stringify({
    now: now === null ? null : formatInstant(now),
    staleness_seconds: stalenessMs === null ? null : stalenessMs / 1000,
    windows: windows.map(({ name, from, to }) => ({
      window: name,
      from: formatInstant(from),
      to: formatInstant(to),
    })),
  });
  // A store to a line: a file of this length is looked at with tools that know lines.
  const lines = stores.map(({ id, zone, uptimes }) =>
    JSON.stringify({
      store_id: id,
      timezone: zone,
      windows: uptimes.map((uptime, i) => ({
        window: windows[i]?.name,
        business_seconds: businessMs(uptime) / 1000,
        uptime_seconds: uptime.uptimeMs / 1000,
        downtime_seconds: uptime.downtimeMs / 1000,
        unknown_seconds: uptime.unknownMs / 1000,
        uptime_percent: percentOf(uptime),
      })),
    })
  );
  return `${head.slice(0, -1)},"stores":[\n${lines.join(",\n")}\n]}\n`;
}

/** A worksheet holds so many rows; longer ones open nowhere. */
export const SPREADSHEET_ROWS_MAX = 1_048_576;

async function spreadsheet({ windows, stores }: Table): Promise<Uint8Array<ArrayBuffer>> {
  const length = windows.length * stores.length + 1;
  if (length > SPREADSHEET_ROWS_MAX) {
    throw new ReportError(
      `Cannot write ${length} rows to a spreadsheet: it holds ${SPREADSHEET_ROWS_MAX}; ask for csv`,
    );
  }
  const { default: writeXlsxFile } = await import("write-excel-file/node");
  const rows: { value: string | number; fontWeight?: "bold" }[][] = [
    COLUMNS.map((value) => ({ value, fontWeight: "bold" })),
  ];
  // Ids are text cells: as numbers a spreadsheet would round them.
  forEachRow(windows, stores, (row) => rows.push(row.map((value) => ({ value }))));
  const { toBuffer } = writeXlsxFile(rows, {
    sheet: "Uptime",
    stickyRowsCount: 1,
    columns: COLUMNS.map((name, i) => ({
      width: i < 1 || i === 3 || i === 4 ? 27 : name.length + 4,
    })),
  });
  return new Uint8Array(await toBuffer());
}
