/**
 * When Telltale was up. Each process says now and then that it lives; what lies between nobody's
 * first and last word was an outage.
 */
import { type Sql, sqlInstant } from "./database.ts";

/** How often a process says so; an uptime is right to within this. */
export const ALIVE_MS = 10_000;

export async function noteAlive(sql: Sql, run: string, now: number): Promise<void> {
  const at = sqlInstant(now);
  await sql`
    insert into runs (id, started_at, alive_at) values (${run}, ${at}, ${at})
    on conflict (id) do update set alive_at = excluded.alive_at`;
}

/**
 * The share of the time since a moment (epoch ms) in which at least one process was up; since the
 * first one, where that is later. Null where none ever was.
 */
export async function uptimeShare(sql: Sql, since: number, now: number): Promise<number | null> {
  const runs = await sql<{ startedAt: number; aliveAt: number }[]>`
    select started_at as "startedAt", alive_at as "aliveAt" from runs
    where alive_at >= ${sqlInstant(since)}::timestamptz order by started_at`;
  const [first] = await sql<{ startedAt: number | null }[]>`
    select min(started_at) as "startedAt" from runs`;
  if (first === undefined || first.startedAt === null) return null;
  const from = Math.max(since, first.startedAt);
  if (now <= from) return 1;
  let up = 0;
  let covered = from;
  for (const { startedAt, aliveAt } of runs) {
    // Who spoke so recently is taken to be alive still.
    const until = now - aliveAt <= 2 * ALIVE_MS ? now : aliveAt;
    up += Math.max(0, until - Math.max(startedAt, covered));
    covered = Math.max(covered, until);
  }
  return Math.min(1, up / (now - from));
}
