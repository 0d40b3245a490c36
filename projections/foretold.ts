/** How tables keep of which device, and of which part of it, something was foretold. */
import type postgres from "postgres";
import type { Sql } from "../events/log/database.ts";

/** "" where it is about the whole device: a key has no nulls. */
export function partOf(data: { readonly part?: unknown }): string {
  return typeof data.part === "string" ? data.part : "";
}

export interface OfDevices {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
}

/** The rows of one device or of a kind, in a table with the devices' streams. */
export function ofDevices(
  sql: Sql,
  { kind, id }: OfDevices,
): postgres.PendingQuery<postgres.Row[]> {
  if (kind !== undefined && id !== undefined) return sql`and stream = ${`${kind}-${id}`}`;
  // "-" ends the kind, and "." is the character after it.
  if (kind !== undefined) return sql`and stream >= ${kind + "-"} and stream < ${kind + "."}`;
  if (id !== undefined) return sql`and substr(stream, strpos(stream, '-') + 1) = ${id}`;
  return sql``;
}
