/**
 * A folder shaped like Microsoft's predictive-maintenance set: `PdM_telemetry*.csv`,
 * `PdM_errors.csv`, `PdM_failures.csv`, `PdM_maint.csv`, `PdM_machines.csv`, plain or gzipped.
 * Rows may be in any order.
 */
import { join } from "node:path";
import {
  CHANNELS,
  COMPONENTS,
  ERRORS,
  type Logged,
  type Machine,
  MODELS,
} from "../../models/features/azure_pdm.ts";
import { UserError } from "../command.ts";
import { csvFilesBelow, momentOf, numberOf, type Place, readLines } from "./series_files.ts";

export interface Anchor {
  readonly machine: string;
  /** Epoch ms. */
  readonly at: number;
  /** As it was written. */
  readonly timestamp: string;
  /** Of the file, from 1. */
  readonly line: number;
}

interface TelemetryRow {
  readonly at: number;
  readonly values: readonly number[];
}

export interface MachineFolder {
  /** By number where ids are numbers. */
  readonly machines: readonly Machine[];
  /** False where the folder has no `PdM_failures.csv`: then it can be scored, but not judged. */
  readonly failuresKnown: boolean;
}

export async function readMachines(folder: string): Promise<MachineFolder> {
  const files = await csvFilesBelow(folder);
  const telemetryFiles = files.filter((name) => /^PdM_telemetry\w*\.csv$/.test(name));
  if (telemetryFiles.length === 0) {
    throw new UserError(`Cannot evaluate ${folder}: it has no PdM_telemetry.csv`);
  }
  const described = await readTable(join(folder, "PdM_machines.csv"), [
    "machineID",
    "model",
    "age",
  ]);
  const machines = described.map(({ cells: [id = "", model = "", age = ""], place }) => ({
    id,
    model: oneOf(MODELS, model, place),
    age: numberOf(age, place),
  }));
  const known = new Set(machines.map(({ id }) => id));
  const telemetry = new Map<string, TelemetryRow[]>();
  for (const name of telemetryFiles) await readTelemetry(join(folder, name), known, telemetry);
  const errors = await readLog(folder, "PdM_errors.csv", "errorID", ERRORS, known);
  const failuresKnown = files.includes("PdM_failures.csv");
  const failures = failuresKnown
    ? await readLog(folder, "PdM_failures.csv", "failure", COMPONENTS, known)
    : new Map<string, Logged[]>();
  const maintenance = await readLog(folder, "PdM_maint.csv", "comp", COMPONENTS, known);

  const whole = machines.map(({ id, model, age }) => {
    const rows = (telemetry.get(id) ?? []).sort((a, b) => a.at - b.at);
    return {
      id,
      model,
      age,
      times: Float64Array.from(rows, ({ at }) => at),
      telemetry: Float64Array.from(rows.flatMap(({ values }) => values)),
      errors: errors.get(id) ?? [],
      failures: failures.get(id) ?? [],
      maintenance: maintenance.get(id) ?? [],
    };
  });
  whole.sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
  return { machines: whole, failuresKnown };
}

/** What the columns of an anchors file may be called. */
const MACHINE_COLUMN = ["machineID", "machine_id", "machine"];
const TIME_COLUMN = ["datetime", "timestamp", "time", "anchor"];

/** A file of `machineID,datetime`, or of names alike; further columns are left alone. */
export async function readAnchors(path: string): Promise<Anchor[]> {
  const rows = await readTable(path, [MACHINE_COLUMN, TIME_COLUMN]);
  return rows.map(({ cells: [machine = "", timestamp = ""], place }) => ({
    machine,
    at: momentOf(timestamp, place),
    timestamp,
    line: place.line,
  }));
}

async function readTelemetry(
  path: string,
  known: ReadonlySet<string>,
  into: Map<string, TelemetryRow[]>,
): Promise<void> {
  for (const { cells, place } of await readTable(path, ["machineID", "datetime", ...CHANNELS])) {
    const [id = "", timestamp = "", ...values] = cells;
    checkKnown(id, known, place);
    const row = {
      at: momentOf(timestamp, place),
      values: values.map((text) => numberOf(text, place)),
    };
    const own = into.get(id);
    if (own) own.push(row);
    else into.set(id, [row]);
  }
}

async function readLog(
  folder: string,
  name: string,
  column: string,
  words: readonly string[],
  known: ReadonlySet<string>,
): Promise<Map<string, Logged[]>> {
  const log = new Map<string, Logged[]>();
  const rows = await readTable(join(folder, name), ["machineID", "datetime", column]);
  for (const { cells: [id = "", timestamp = "", what = ""], place } of rows) {
    checkKnown(id, known, place);
    const own = log.get(id) ?? [];
    own.push({ at: momentOf(timestamp, place), what: oneOf(words, what, place) });
    log.set(id, own);
  }
  for (const own of log.values()) own.sort((a, b) => a.at - b.at);
  return log;
}

interface Row {
  /** In the order of the columns asked for. */
  readonly cells: readonly string[];
  readonly place: Place;
}

/** A column is found by its name, or by any of its names. */
async function readTable(
  path: string,
  columns: readonly (string | readonly string[])[],
): Promise<Row[]> {
  const [header = "", ...lines] = await readLines(path);
  const names = header.split(",").map((name) => name.trim().toLowerCase());
  const wanted = columns.map((column) => typeof column === "string" ? [column] : column);
  const places = wanted.map((called) =>
    names.findIndex((name) => called.some((word) => word.toLowerCase() === name))
  );
  const missing = wanted.filter((_, index) => places[index] === -1);
  if (missing.length > 0) {
    const lacking = missing.map((called) => called.join(" or ")).join(", ");
    throw new UserError(`Cannot read ${path}: no column ${lacking} in "${header}"`);
  }
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    const cells = line.split(",");
    return [{
      cells: places.map((place) => (cells[place] ?? "").trim()),
      place: { path, line: index + 2 },
    }];
  });
}

function oneOf(words: readonly string[], text: string, { path, line }: Place): string {
  if (words.includes(text)) return text;
  throw new UserError(
    `Cannot read ${path}, line ${line}: expected one of ${words.join(", ")}, found "${text}"`,
  );
}

function checkKnown(id: string, known: ReadonlySet<string>, { path, line }: Place): void {
  if (known.has(id)) return;
  throw new UserError(
    `Cannot read ${path}, line ${line}: machine "${id}" is not in PdM_machines.csv`,
  );
}
