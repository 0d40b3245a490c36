/** Reports made again and again, at the moments of a cron expression in a time zone. */
import { type Sql, sqlInstant } from "../events/log/database.ts";
import { readHeads } from "../events/log/query.ts";
import { nextRun, RecurrenceError } from "./cron.ts";
import { createReport, UUID } from "./jobs.ts";
import type { ReportRequest } from "./request.ts";

export interface Recurring {
  readonly id: string;
  readonly name: string;
  readonly cron: string;
  readonly zone: string;
  readonly request: ReportRequest;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly nextAt: number;
  readonly lastAt: number | null;
}

const COLUMNS = `id, name, cron, zone, request, created_at as "createdAt", next_at as "nextAt",
  last_at as "lastAt"`;

/** Throws RecurrenceError. */
export async function createRecurring(
  sql: Sql,
  { name, cron, zone, request }: Pick<Recurring, "name" | "cron" | "zone" | "request">,
  now: number,
): Promise<Recurring> {
  const next = nextRun(cron, zone, now);
  const [row] = await sql<Recurring[]>`
    insert into recurring_reports (name, cron, zone, request, next_at)
    values (${name}, ${cron}, ${zone}, ${JSON.stringify(request)}::text::json,
      ${sqlInstant(next)}::timestamptz)
    returning ${sql.unsafe(COLUMNS)}`;
  if (row === undefined) throw new Error("Cannot read back the recurring report");
  return row;
}

export async function listRecurring(sql: Sql): Promise<Recurring[]> {
  return [
    ...await sql<Recurring[]>`
      select ${sql.unsafe(COLUMNS)} from recurring_reports order by created_at, id`,
  ];
}

/** Reports that it led to stay. False where there is none of this id. */
export async function deleteRecurring(sql: Sql, id: string): Promise<boolean> {
  if (!UUID.test(id)) return false;
  const { count } = await sql`delete from recurring_reports where id = ${id}::uuid`;
  return count === 1;
}

/**
 * Asks for every report whose moment has come: once, however many moments passed meanwhile, and by
 * one process, however many look. Resolves with how many.
 */
export async function askForDue(sql: Sql, now: number): Promise<number> {
  if (!await isDue(sql, now)) return 0;
  const after = await readHeads(sql);
  return await sql.begin(async (tx) => {
    const due = await tx<Recurring[]>`
      select ${tx.unsafe(COLUMNS)} from recurring_reports
      where next_at <= ${sqlInstant(now)}::timestamptz
      for update skip locked`;
    for (const { id, cron, zone, request } of due) {
      await createReport(tx, { request, after, recurring: id });
      await tx`
        update recurring_reports set last_at = ${sqlInstant(now)}::timestamptz,
          next_at = ${sqlInstantOrNever(() => nextRun(cron, zone, now))}::timestamptz
        where id = ${id}`;
    }
    return due.length;
  });
}

async function isDue(sql: Sql, now: number): Promise<boolean> {
  const [row] = await sql`
    select exists (
      select from recurring_reports where next_at <= ${sqlInstant(now)}::timestamptz
    ) as yes`;
  return row?.yes === true;
}

/** An expression may have had its last moment. */
function sqlInstantOrNever(next: () => number): string {
  try {
    return sqlInstant(next());
  } catch (error) {
    if (error instanceof RecurrenceError) return "infinity";
    throw error;
  }
}
