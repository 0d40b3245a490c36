import assert from "node:assert/strict";
import { AtmRows, joinRows } from "../../models/features/mod.ts";
import { fleet } from "../../simulator/fleet.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../simulator/rhythm.ts";
import { atmReports, hiddenRisks } from "../../simulator/truth.ts";

const START = Date.UTC(2026, 0, 1);
const EVERY_MS = 5 * MINUTE_MS;

function worldOf(seed: string) {
  return { seed, startAt: START, tempo: 1 };
}

Deno.test("reports with the truth behind them are those the fleet sends", () => {
  const devices = { atm: 3, machine: 0, store: 0, sensor: 0 };
  const everyMs = { atm: EVERY_MS, machine: 1, store: 1, sensor: 1 };
  const until = START + 2 * DAY_MS;
  const sent: unknown[] = [];
  for (const { at, subject, payload } of fleet({ seed: 11, startAt: START, devices, everyMs })) {
    if (at >= until) break;
    if (subject === "devices.atm.ATM-0003.telemetry") {
      sent.push({ at, data: JSON.parse(new TextDecoder().decode(payload)) });
    }
  }
  assert.deepEqual([...atmReports(worldOf("11"), 2, { everyMs: EVERY_MS, until })], sent);
});

Deno.test("failures come as often as the hidden risks say, and where they say", () => {
  const world = worldOf("truth");
  const atms = Array.from({ length: 40 }, (_, index) => {
    const rows = new AtmRows();
    const until = START + 25 * DAY_MS;
    for (const report of atmReports(world, index, { everyMs: EVERY_MS, until })) rows.take(report);
    return rows;
  });
  const { labels, times, devices } = joinRows(atms);
  const risks = atms.flatMap((_, index) =>
    hiddenRisks(world, index, times.filter((_, row) => devices[row] === index))
  );
  assert.equal(risks.length, labels.length);
  for (const [low, high] of [[0, 0.01], [0.01, 0.3], [0.3, 0.8], [0.8, 1]] as const) {
    const rows = [...risks.keys()].filter((row) => {
      const risk = risks[row] ?? 0;
      return risk >= low && (risk < high || high === 1);
    });
    const expected = rows.reduce((sum, row) => sum + (risks[row] ?? 0), 0) / rows.length;
    const failed = rows.filter((row) => labels[row] === 1).length / rows.length;
    // Hours of one ATM hang together: some ten of them are worth one.
    const error = Math.sqrt(10 * expected * (1 - expected) / rows.length);
    assert.ok(
      Math.abs(expected - failed) < 4 * error,
      `${rows.length} rows from ${low} to ${high}: ${failed} failed, ${expected} expected`,
    );
  }
});

Deno.test("hidden risks are known for the pace of life only", () => {
  assert.throws(() => hiddenRisks({ ...worldOf("1"), tempo: 2 }, 0, [START]), RangeError);
  const [later] = hiddenRisks(worldOf("1"), 0, [START + HOUR_MS]);
  assert.ok(later !== undefined && later > 0 && later <= 1);
});
