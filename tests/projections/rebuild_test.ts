/** Rebuilding beside a live follower: swapped, killed, excluded, and never seen to go back. */
import assert from "node:assert/strict";
import type { Projection } from "../../projections/projection.ts";
import { projections } from "../../projections/mod.ts";
import { startProjector } from "../../projections/projector.ts";
import { rebuild, rebuildAll, RebuildUnderWayError } from "../../projections/rebuild.ts";
import { trends } from "../../projections/trends.ts";
import { type FreshDatabase, freshDatabase } from "../support/servers.ts";
import { appendToLog, createRecorder, type Fact } from "./log.ts";

const START = Date.UTC(2026, 4, 1);

function telemetry(from: number, count: number): Fact[] {
  return Array.from({ length: count }, (_, i) => ({
    stream: `atm-${(from + i) % 50}`,
    type: "TelemetryReported",
    data: { status: "online", cash_level_percent: (from + i) % 101 },
    occurredAt: START + (from + i) * 100,
  }));
}

async function withDatabase(test: (database: FreshDatabase) => Promise<void>): Promise<void> {
  const database = await freshDatabase();
  try {
    await database.sql`insert into partitions (partition) values (0)`;
    await test(database);
  } finally {
    await database.close();
  }
}

async function reports({ sql }: FreshDatabase): Promise<number> {
  const [row] = await sql`select coalesce(sum(reports), 0)::bigint as n from devices`;
  return Number(row?.n);
}

Deno.test("a follower goes on with the swapped table, and no reader sees an answer go back", () =>
  withDatabase(async (database) => {
    const { sql } = database;
    const record = createRecorder();
    const projector = await startProjector({ sql, projections, partitions: [0] });
    const seen: number[] = [];
    let rebuilding = true;
    const rebuilds = (async () => {
      for (let i = 0; i < 5; i++) await rebuildAll(sql, projections);
      rebuilding = false;
    })();
    let told = 0;
    while (rebuilding || told < 20_000) {
      const events = record(0, telemetry(told, 500));
      await appendToLog(sql, events);
      projector.offer(events);
      told += 500;
      seen.push(await reports(database));
    }
    await rebuilds;
    assert.equal(await projector.waitFor(new Map([[0, told]]), 10_000), true);
    assert.equal(await reports(database), told);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    const [row] = await sql`select generation from projections where name = 'devices'`;
    assert.equal(row?.generation, 6);
    await projector.stop();
  }));

Deno.test("a rebuild that is killed leaves the table in use as it was, and the next one succeeds", () =>
  withDatabase(async (database) => {
    const { sql, socket, url } = database;
    await appendToLog(sql, createRecorder()(0, telemetry(0, 40_000)));
    await rebuildAll(sql, projections);
    const before = await sql`select t::text as text from trends t order by 1`;

    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", new URL("./rebuild_child.ts", import.meta.url).pathname],
      env: { TELLTALE_TEST_ADDRESS: JSON.stringify({ socket, url }) },
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    assert.equal((await reader.read()).done, false, "the rebuild ended before it was killed");
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();

    const left = await sql`select to_regclass('trends_next') is not null as yes`;
    assert.equal(left[0]?.yes, true);
    assert.deepEqual([...await sql`select t::text as text from trends t order by 1`], [...before]);
    await rebuildAfterTheKilled(database);
    assert.deepEqual([...await sql`select t::text as text from trends t order by 1`], [...before]);
    const gone = await sql`select to_regclass('trends_next') is null as yes`;
    assert.equal(gone[0]?.yes, true);
  }));

/** The killed session's lock goes with it, as soon as PostgreSQL has noticed. */
async function rebuildAfterTheKilled({ sql }: FreshDatabase): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      await rebuildAll(sql, projections);
      return;
    } catch (error) {
      if (!(error instanceof RebuildUnderWayError) || attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

Deno.test("two rebuilds of one projection exclude each other, two of different ones do not", () =>
  withDatabase(async ({ sql, connect }) => {
    await appendToLog(sql, createRecorder()(0, telemetry(0, 20_000)));
    const other = connect("other");
    const [first, second, different] = await Promise.allSettled([
      rebuild(sql, trends as Projection),
      rebuild(other, trends as Projection),
      rebuildAll(other, projections.filter(({ name }) => name === "devices")),
    ]);
    await other.end();
    const failed = [first, second].filter(({ status }) => status === "rejected");
    assert.equal(failed.length, 1);
    assert.ok((failed[0] as PromiseRejectedResult).reason instanceof RebuildUnderWayError);
    assert.equal(different?.status, "fulfilled");
  }));

Deno.test("a raised version is built beside the old table and swapped in by the running server", () =>
  withDatabase(async ({ sql }) => {
    await appendToLog(sql, createRecorder()(0, telemetry(0, 5_000)));
    const first = await startProjector({ sql, projections: [counting(1, 1)], partitions: [0] });
    await first.stop();
    const raised = await startProjector({ sql, projections: [counting(2, 10)], partitions: [0] });
    const until = Date.now() + 10_000;
    while (raised.positions()[0]?.offset !== 5_000 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await raised.stop();
    const [row] = await sql`select sum(n)::bigint as n from counting`;
    assert.equal(row?.n, 50_000);
    const [stored] = await sql`select version from projections where name = 'counting'`;
    assert.equal(stored?.version, 2);
  }));

/** Counts events per stream in steps of a size that changes with its version. */
export function counting(version: number, step: number): Projection {
  const projection: Projection<number> = {
    name: "counting",
    version,
    handles: undefined,
    create: (table) => `create table ${table} (stream text primary key, n bigint not null)`,
    keysOf: ({ stream }) => [stream],
    async load(sql, table, keys) {
      const rows = await sql<{ stream: string; n: number }[]>`
        select stream, n from ${sql(table)} where stream = any (${[...keys]})`;
      return new Map(rows.map(({ stream, n }) => [stream, n]));
    },
    fold: (row = 0) => row + step,
    async save(tx, table, rows) {
      await tx`
        insert into ${tx(table)} select * from unnest(
          ${[...rows.keys()]}::text[], ${[...rows.values()]}::bigint[])
        on conflict (stream) do update set n = excluded.n`;
    },
  };
  return projection as Projection;
}
