/** What a source says of machines, as the messages the machines would send. Pure. */
import { dateOf, DAY_MS, formatInstant, parseInstant } from "../../events/instant.ts";
import { MACHINE_STATUSES } from "../../events/machine.ts";
import { DEVICE_ID, type Json } from "../../events/vocabulary.ts";

/** Why a row says nothing: a sentence for whoever keeps the source. */
export class WrongRowError extends Error {
  override readonly name = "WrongRowError";
}

export function machineId(row: Json, field = "_id"): string {
  const id = row[field];
  if (typeof id === "string" && DEVICE_ID.test(id)) return id;
  throw new WrongRowError(
    `${field} is ${quote(id)}; expected 1 to 64 letters, digits, "_", ":" or "-"`,
  );
}

export function bearingId(row: Json, field = "_id"): string {
  const id = row[field];
  if (typeof id === "string" && id.length > 0 && id.length <= 64) return id;
  throw new WrongRowError(`${field} is ${quote(id)}; expected 1 to 64 characters`);
}

/** Sources have statuses of their own, such as "running": ours are zones of vibration. */
export function withoutForeignStatus(row: Json): Json {
  const { status, ...rest } = row;
  return (MACHINE_STATUSES as readonly unknown[]).includes(status) ? row : rest;
}

/** Whether everything a description says is known already. */
export function isKnown(described: Json, known: Json | null | undefined): boolean {
  return Object.entries(described).every(([name, value]) =>
    value === undefined || JSON.stringify(value) === JSON.stringify(known?.[name])
  );
}

/** The reading's own moment as the log writes it; undefined where it has none. */
export function momentOf({ timestamp }: Json): string | undefined {
  if (timestamp === undefined || timestamp === null || timestamp === "") return undefined;
  const at = typeof timestamp === "string" ? parseInstant(timestamp) : undefined;
  if (at === undefined) {
    throw new WrongRowError(
      `timestamp is ${quote(timestamp)}; expected one such as 2026-01-31T12:00:00Z`,
    );
  }
  return formatInstant(at);
}

/** `2026-01-30`, `2026-01-31`: so many days before the date, and the date. */
export function datesUntil(date: string, daysBefore: number): string[] {
  const last = parseInstant(date) ?? NaN;
  return Array.from(
    { length: daysBefore + 1 },
    (_, i) => dateOf(formatInstant(last - (daysBefore - i) * DAY_MS)),
  );
}

/** A row of a CSV file: `acceleration.rms` is the rms in acceleration; empty cells say nothing. */
export function rowOf(names: readonly string[], cells: readonly string[]): Json {
  const row: Json = {};
  names.forEach((name, i) => {
    const cell = cells[i]?.trim() ?? "";
    if (cell === "") return;
    const [group = "", field] = name.split(".", 2);
    const value = isNumeric(name) && Number.isFinite(Number(cell)) ? Number(cell) : cell;
    if (field === undefined) row[group] = value;
    else row[group] = { ...row[group] as Json | undefined, [field]: value };
  });
  return row;
}

/** An id of digits stays a text. */
function isNumeric(name: string): boolean {
  return name.includes(".") || ["temperature", "SR", "rpm", "fMax", "scale"].includes(name);
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
