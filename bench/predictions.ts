/**
 * The failures of 1,000 ATMs foretold over HTTP in one request, with reasons, by the model that is
 * shipped, on ATMs that have reported for a day; and the scoreboard over a year of ten thousand.
 */
import process from "node:process";
import { connectBus } from "../events/bus/connection.ts";
import { subjectOf } from "../events/bus/subjects.ts";
import type { Config } from "../commands/command.ts";
import { projections } from "../projections/mod.ts";
import { rebuildAll } from "../projections/rebuild.ts";
import { COUNTS } from "../projections/scoreboard_counts.ts";
import { scoreboardRoutes } from "../routes/scoreboard.ts";
import { atmReports } from "../simulator/truth.ts";
import { freshDatabase } from "../tests/support/servers.ts";
import { processorTimes } from "./processor_time.ts";
import { caughtUp, median, numberOption, quantile, say, start } from "./running.ts";
import { compare, rounded } from "./target.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const P95_MS_MAX = 100;
const BOARD_MS_MAX = 100;
const WARM_UP = 5;
const BOARDS = 42;

export async function run(args: readonly string[], _config: Config): Promise<number> {
  const atms = numberOption(args, "--atms", 1_000);
  const asked = numberOption(args, "--requests", 60);
  const everyMinutes = numberOption(args, "--every-minutes", 15);
  await measureBulk(atms, asked, everyMinutes * 60_000);
  await measureScoreboard();
  return 0;
}

async function measureBulk(atms: number, asked: number, everyMs: number): Promise<void> {
  const telltale = await start();
  try {
    const ids = await tellADay(telltale, atms, everyMs);
    const url = `${telltale.url}/api/v1/predictions/bulk`;
    const body = JSON.stringify({ atm_ids: ids });
    await served(url, body);
    for (let i = 0; i < WARM_UP; i++) await ask(url, body);
    const times: number[] = [];
    let answer: Answer | undefined;
    const before = await processorTimes();
    for (let i = 0; i < asked; i++) {
      const began = performance.now();
      answer = await ask(url, body);
      times.push(performance.now() - began);
    }
    const used = (await processorTimes()).of(telltale.pid) - before.of(telltale.pid);
    const { successful = 0, predictions = [] } = answer ?? {};
    const explained = predictions.filter(({ risk_factors }) => risk_factors.length === 5).length;
    say(
      `${successful} of ${atms} ATMs foretold, ${explained} with five reasons; the others are down or silent`,
    );
    say(
      `p50 ${rounded(quantile(times, 0.5))} ms, longest ${rounded(Math.max(...times))} ms; ${
        rounded(used / asked / 1000)
      } ms of processor time each`,
    );
    compare({
      what: `POST /predictions/bulk of ${atms.toLocaleString("en")} ATMs, p95`,
      figure: quantile(times, 0.95),
      unit: "ms",
      atMost: P95_MS_MAX,
    });
  } finally {
    await telltale.stop();
  }
}

/** What each ATM said in the last 24 hours; resolves once it can be asked about. */
async function tellADay(
  telltale: Awaited<ReturnType<typeof start>>,
  atms: number,
  everyMs: number,
): Promise<string[]> {
  const connection = await connectBus(telltale.natsUrl, "bench publisher");
  const until = Date.now();
  const world = { seed: "bench", startAt: until - DAY_MS, tempo: 1 };
  const encoder = new TextEncoder();
  const ids: string[] = [];
  let count = 0;
  for (let index = 0; index < atms; index++) {
    let id = "";
    for (const { data } of atmReports(world, index, { everyMs, until })) {
      id = String(data.atm_id);
      connection.publish(subjectOf("atm", id, "telemetry"), encoder.encode(JSON.stringify(data)));
      count++;
    }
    if (id !== "") ids.push(id);
    await connection.flush();
  }
  await connection.close();
  await caughtUp(telltale, count);
  return ids;
}

interface Answer {
  readonly successful: number;
  readonly predictions: readonly {
    readonly reason: string | null;
    readonly risk_factors: readonly unknown[];
  }[];
}

async function ask(url: string, body: string): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`Cannot ask ${url}: ${response.status}`);
  return await response.json();
}

/** The model is loaded beside everything else: it serves a moment after the server does. */
async function served(url: string, body: string): Promise<void> {
  for (let turn = 0;; turn++) {
    const { successful, predictions } = await ask(url, body);
    if (successful > 0) return;
    if (turn === 100) throw new Error(`No failure is foretold: ${predictions[0]?.reason}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A year by day: one model of ATMs a month, on the days it changes two; one method for bearings. */
async function measureScoreboard(): Promise<void> {
  const { sql, close } = await freshDatabase();
  try {
    await rebuildAll(sql, projections);
    const now = Date.UTC(2026, 11, 31);
    const last = now / DAY_MS;
    await sql`
      insert into scoreboard (owner, part, model, day, counts)
      select kind, '', model, day, array_fill(1000::bigint, array[${COUNTS}::integer])
      from (
        select 'atm' as kind, 'model ' || day / 30 as model, day
        from generate_series(${last - 364}::integer, ${last}::integer) day
        union select 'atm', 'model ' || day / 30 - 1, day
        from generate_series(${last - 364}::integer, ${last}::integer, 30) day
        union select 'machine', 'bearing-health 1', day
        from generate_series(${last - 364}::integer, ${last}::integer) day
      ) as days`;
    await sql`
      insert into scoreboard (owner, part, model, day, watched)
      select 'atm-' || n, '', '', 0, ${JSON.stringify({ open: Array(128).fill(1) })}
      from generate_series(1, 10000) n`;
    await sql`analyze`;
    const app = scoreboardRoutes({ sql, now: () => now });
    const path = "/predictions/scoreboard?from=2026-01-01&to=2026-12-31&step=";
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let i = 0; i < BOARDS; i++) {
      const began = performance.now();
      const response = await app.request(`${path}${i % 2 ? "day" : "week"}`);
      const { totals } = await response.json();
      times.push(performance.now() - began);
      if (!(totals.predictions > 0)) throw new Error("The scoreboard is empty");
    }
    const { user, system } = process.cpuUsage(before);
    say(
      `scoreboard: median ${rounded(median(times))} ms; ${
        rounded((user + system) / BOARDS / 1000)
      } ms of processor time each, the database's apart`,
    );
    compare({
      what: "GET /predictions/scoreboard over a year of 10,000 devices, p95",
      figure: quantile(times, 0.95),
      unit: "ms",
      atMost: BOARD_MS_MAX,
    });
  } finally {
    await close();
  }
}
