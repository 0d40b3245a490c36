/** What must hold after any fault, checked on the log at rest. */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { managerOf, streamInfo } from "../../events/bus/stream.ts";
import type { Sql } from "../../events/log/database.ts";
import { verify } from "../../events/log/verify.ts";
import { projections } from "../../projections/mod.ts";
import { rebuildAll } from "../../projections/rebuild.ts";
import { type DatabaseSettings, provideDatabase } from "../../services/database.ts";
import { pause } from "./load.ts";

/** Opens the log of a Telltale that does not run. */
export async function withLogAtRest<Result>(
  settings: Partial<DatabaseSettings> & { dataDir: string },
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const database = await provideDatabase({ databaseUrl: undefined, ...settings });
  const sql = database.connect("test");
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
    await database.stop();
  }
}

/** Every promise at once: exactly once, in order, whole, and read models that are what they say. */
export async function expectPromisesKept(
  sql: Sql,
  acknowledged: ReadonlySet<number>,
): Promise<void> {
  const { findings } = await verify(sql);
  assert.deepEqual(findings, [], "verify");
  await expectExactlyOnce(sql, acknowledged);
  await expectProjectionsAreRebuilt(sql);
}

/** What `load.ts` sent: each acknowledged number in one event, each device's in the order it spoke. */
export async function expectExactlyOnce(
  sql: Sql,
  acknowledged: ReadonlySet<number>,
): Promise<void> {
  const rows = await sql<{ stream: string; number: number }[]>`
    select stream, (data->>'value')::integer as number from events
    where type = 'ReadingReported' and stream like 'sensor-load-%'
    order by partition, "offset"`;
  const latest = new Map<string, number>();
  const recorded = new Set<number>();
  for (const { stream, number } of rows) {
    assert.ok(!recorded.has(number), `message ${number} of ${stream} is recorded twice`);
    recorded.add(number);
    const before = latest.get(stream) ?? 0;
    assert.ok(number > before, `message ${number} of ${stream} is recorded after ${before}`);
    latest.set(stream, number);
  }
  const lost = [...acknowledged].filter((number) => !recorded.has(number));
  assert.deepEqual(
    lost.slice(0, 20),
    [],
    `${lost.length} of ${acknowledged.size} acknowledged messages are not in the log`,
  );
}

/** What the load surely says something about. */
const FILLED = ["devices", "availability", "trends", "activity"];

/** The tables as they were kept by the running server, against the same tables folded anew. */
export async function expectProjectionsAreRebuilt(
  sql: Sql,
  filled: readonly string[] = FILLED,
): Promise<void> {
  const kept = await dump(sql);
  await rebuildAll(sql, projections);
  const rebuilt = await dump(sql);
  for (const { name } of projections) {
    assert.deepEqual(kept.get(name), rebuilt.get(name), `projection "${name}"`);
  }
  for (const name of filled) {
    assert.ok((rebuilt.get(name)?.length ?? 0) > 0, `"${name}" is empty`);
  }
}

async function dump(sql: Sql): Promise<Map<string, string[]>> {
  const tables = new Map<string, string[]>();
  for (const { name } of projections) {
    const rows = await sql`select kept::text as row from ${sql(name)} kept order by 1`;
    tables.set(name, rows.map(({ row }) => row));
  }
  return tables;
}

interface Stats {
  readonly partitions: readonly { readonly broker_sequence: number; readonly lag: number }[];
  readonly projections: readonly { readonly name: string; readonly lag: number }[];
}

/** Waits until the log has all the broker has, and every projection all the log has. */
export async function caughtUp(
  telltale: { readonly url: string; readonly natsUrl: string; output(): string },
  withinMs = 60_000,
): Promise<void> {
  const connection = await connectBus(telltale.natsUrl, "test");
  try {
    const manager = await managerOf(connection);
    const until = performance.now() + withinMs;
    for (;;) {
      const info = await streamInfo(manager).catch(() => undefined);
      const stats = await readStats(telltale.url);
      const reached = Math.max(...(stats?.partitions ?? []).map((each) => each.broker_sequence));
      if (
        info && stats && reached >= info.state.last_seq &&
        [...stats.partitions, ...stats.projections].every(({ lag }) => lag === 0)
      ) return;
      if (performance.now() > until) {
        throw new Error(
          `Not caught up in ${withinMs} ms: the broker is at ${info?.state.last_seq}, stats say ${
            JSON.stringify(stats)
          }. Telltale printed:\n${telltale.output().slice(-4_000)}`,
        );
      }
      await pause(100);
    }
  } finally {
    await connection.close();
  }
}

async function readStats(url: string): Promise<Stats | undefined> {
  try {
    const response = await fetch(`${url}/api/v1/stats`, { signal: AbortSignal.timeout(2_000) });
    if (response.ok) return await response.json() as Stats;
    await response.body?.cancel();
  } catch {
    // It is being started or is busy recovering: the caller asks again until its deadline.
  }
  return undefined;
}
