/**
 * A service desk's day: ATMs that decay report over the bus, some of them are foretold to fail by the
 * model that comes with Telltale, they fail, and every prediction is held against that.
 *
 * Each simulated ATM's life is moved in time so that it fails an hour from now. What comes after now
 * is told by clocks that run ahead.
 */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { createPublisher } from "../../events/bus/jetstream_publisher.ts";
import { subjectOf } from "../../events/bus/subjects.ts";
import { type Failure, failuresOf } from "../../models/features/mod.ts";
import { atmReports, type SimulatedReport } from "../../simulator/truth.ts";
import { telltale as run } from "../audit/run.ts";
import { caughtUp } from "../faults/promises.ts";
import { type RunningTelltale, startTelltale } from "../support/telltale.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WORLD = { seed: "a day at the service desk", startAt: Date.UTC(2026, 5, 1), tempo: 1 };
const EVERY_MS = 150_000;
const ENDS_AT = WORLD.startAt + 8 * DAY_MS;
const EACH = 12;

/** What an ATM reports of a day and what follows, and the failure in it, by clocks of now. */
interface Life {
  readonly id: string;
  readonly reports: readonly SimulatedReport[];
}

/** The first of the simulated ATMs that fail after a day or more, and those that do not for long. */
function livesAround(now: number): { fails: Life[]; isWell: Life[] } {
  const [fails, isWell]: [Life[], Life[]] = [[], []];
  for (let index = 0; fails.length < EACH || isWell.length < EACH; index++) {
    const reports = [...atmReports(WORLD, index, { everyMs: EVERY_MS, until: ENDS_AT })];
    const failure = failuresOf(
      reports.map(({ at, data }) => ({
        at,
        status: String(data.status),
        code: data.error_code as string | undefined,
      })),
    ).find(({ at, until }) => at > WORLD.startAt + 26 * HOUR_MS && until < ENDS_AT);
    const id = `ATM-${String(index).padStart(4, "0")}`;
    if (failure !== undefined && fails.length < EACH) {
      fails.push({ id, reports: moved(reports, failure, now + HOUR_MS - failure.at) });
    } else if (failure === undefined && isWell.length < EACH) {
      const day = { at: WORLD.startAt + 30 * HOUR_MS, until: WORLD.startAt + 40 * HOUR_MS };
      isWell.push({ id, reports: moved(reports, day, now - day.at) });
    }
  }
  return { fails, isWell };
}

function moved(
  reports: readonly SimulatedReport[],
  { at, until }: Pick<Failure, "at" | "until">,
  by: number,
): SimulatedReport[] {
  return reports.filter((report) => report.at > at - 26 * HOUR_MS && report.at < until + HOUR_MS)
    .map((report) => ({ at: report.at + by, data: report.data }));
}

async function tell(
  { natsUrl }: RunningTelltale,
  lives: readonly Life[],
  [from, until]: readonly [number, number],
): Promise<void> {
  const connection = await connectBus(natsUrl, "atms");
  const publisher = createPublisher(connection);
  const encoder = new TextEncoder();
  const due = lives.flatMap(({ id, reports }) => reports.map((report) => ({ id, ...report })))
    .filter(({ at }) => at > from && at <= until)
    .toSorted((a, b) => a.at - b.at);
  try {
    for (let i = 0; i < due.length; i += 500) {
      await Promise.all(
        due.slice(i, i + 500).map(({ id, at, data }) => {
          const body = { ...data, atm_id: id, timestamp: new Date(at).toISOString() };
          const payload = encoder.encode(JSON.stringify(body));
          return publisher.publish(subjectOf("atm", id, "telemetry"), payload, {});
        }),
      );
    }
  } finally {
    publisher.close();
    await connection.close();
  }
}

interface Told {
  readonly device: string;
  readonly outcome: string | null;
  readonly lead_time_hours: number | null;
  readonly why: string | null;
  readonly recommendation: { readonly action: string } | null;
  readonly factors: readonly unknown[];
}

async function ask(telltale: RunningTelltale, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${telltale.url}/api/v1/${path}`);
  assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
  return await response.json();
}

async function predictionsOf(telltale: RunningTelltale, query: string): Promise<Told[]> {
  const { predictions } = await ask(telltale, `predictions?kind=atm&limit=200&${query}`);
  return predictions as Told[];
}

Deno.test("ATMs that decay are foretold to fail, fail, and the predictions are held against that", async () => {
  const now = Date.now();
  const { fails, isWell } = livesAround(now);
  const telltale = await startTelltale();
  try {
    await tell(telltale, [...fails, ...isWell], [0, now]);
    await caughtUp(telltale);
    await scored(telltale, 2 * EACH - 4);
    const open = await predictionsOf(telltale, "state=open");
    const failing = new Set(fails.map(({ id }) => id));
    const right = open.filter(({ device }) => failing.has(device));
    // An hour before, decay is plain to see in most, and in few of the others.
    assert.ok(right.length >= EACH / 2, `${right.length} of ${EACH} were foretold`);
    assert.ok(open.length - right.length <= 2, `${open.length - right.length} false alarms`);
    for (const { factors, recommendation } of right) {
      assert.equal(factors.length, 5);
      assert.match(recommendation?.action ?? "", /^Inspect the .* before it fails$/);
    }

    await tell(telltale, fails, [now, Infinity]);
    await caughtUp(telltale);
    const after = await predictionsOf(telltale, "state=all");
    for (const { device } of right) {
      const told = after.filter((prediction) => prediction.device === device);
      assert.deepEqual(told.map(({ outcome, why }) => [outcome, why]), [["hit", "failed"]], device);
      const lead = told[0]?.lead_time_hours ?? 0;
      assert.ok(lead > 0.8 && lead <= 1, `${device}: ${lead} h`);
    }
    // They fail within hours to come, which late in the day are tomorrow's.
    const to = new Date(now + 48 * HOUR_MS).toISOString();
    const { totals } = await ask(telltale, `predictions/scoreboard?kind=atm&to=${to}`) as {
      totals: Record<string, number>;
    };
    assert.equal(totals.hits, right.length);
    assert.equal((totals.hits ?? 0) + (totals.misses ?? 0), EACH);
    assert.equal(totals.false_alarms, 0);
    await expectReplayed(telltale, right[0]?.device ?? "");
    const device = `devices/atm/${right[0]?.device}`;
    const { state } = await ask(telltale, `${device}/state?of=foretold`);
    assert.equal((state as { predictions: number }).predictions, 1);
  } finally {
    await telltale.stop();
  }
});

/** The log tells it again, and verifies, while the server runs. */
async function expectReplayed({ dataDir }: RunningTelltale, device: string): Promise<void> {
  const env = { DATA_DIR: dataDir };
  const replayed = await run(["replay", "--stream", `inference-atm-${device}`], env);
  assert.equal(replayed.code, 0, replayed.stderr);
  for (const type of ["FailurePredicted", "MaintenanceRecommended", "PredictionScored"]) {
    assert.match(replayed.stdout, new RegExp(`  ${type} `));
  }
  assert.match(replayed.stdout, /"unsettled": \[\]/);
  const verified = await run(["verify"], env);
  assert.equal(verified.code, 0, verified.stdout);
}

/** Some are down or silent at the moment, as in life, and get no score. */
async function scored(telltale: RunningTelltale, atLeast: number): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    const { events } = await ask(telltale, "events?type=RiskScored&limit=1000") as {
      events: unknown[];
    };
    if (events.length >= atLeast) break;
    if (performance.now() > until) throw new Error(`${events.length} of ${atLeast} were scored`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  // The rest of the same look.
  await new Promise((resolve) => setTimeout(resolve, 7_000));
}
