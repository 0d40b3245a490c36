import assert from "node:assert/strict";
import fc from "fast-check";
import { AtmRows, FEATURE_NAMES, joinRows, type Report } from "../../../models/features/mod.ts";
import { reports, START } from "./reports.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

function rowsOf(reports: readonly Report[]): AtmRows {
  const rows = new AtmRows({ silentMaxMs: 40 * HOUR_MS });
  for (const report of reports) rows.take(report);
  return rows;
}

Deno.test("whatever happens after a moment, the features of that moment stay the same", () => {
  fc.assert(
    fc.property(reports, reports, fc.nat(), fc.nat(), (past, future, seed, laterMs) => {
      const record = seed % past.length;
      const [from, until] = [past[record]?.at ?? START, past[record + 1]?.at ?? Infinity];
      const cut = from + laterMs % Math.min(until - from, 40 * HOUR_MS);
      const kept = past.filter(({ at }) => at <= cut);
      const other = future.map(({ at, data }) => ({ at: at - START + cut, data }));
      const before = (rows: AtmRows) =>
        rows.labelled().filter(({ at }) => at <= cut).map(({ at, row }) => [at, ...row]);
      // Both go on long enough for every label up to the cut to be known.
      const end = { at: cut + 2000 * HOUR_MS, data: { status: "online" } };
      const asItWas = before(rowsOf([...past, end]));
      const perturbed = before(rowsOf([...kept, ...other, end]));
      assert.deepEqual(perturbed, asItWas);
    }),
    { numRuns: 200 },
  );
});

Deno.test("whatever happens to its peers after a moment, an ATM's features stay the same", () => {
  const said = fc.record({
    status: fc.constantFrom("online", "online", "error"),
    temperature_celsius: fc.integer({ min: -10, max: 60 }),
    network_latency_ms: fc.integer({ min: 50, max: 900 }),
    network_status: fc.constantFrom("connected", "unstable", "disconnected"),
  });
  const life = fc.array(said, { minLength: 60, maxLength: 60 });
  const lives = fc.array(life, { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(lives, life, fc.integer({ min: 12, max: 50 }), (lives, other, step) => {
      const at = (index: number) => START + index * 10 * MINUTE_MS;
      const cut = at(step) + 5 * MINUTE_MS;
      const before = (lives: readonly (readonly Report["data"][])[]) => {
        const { matrix, times, names } = joinRows(lives.map((own) => {
          const end = { at: cut + 2000 * HOUR_MS, data: { status: "online" } };
          return rowsOf([...own.map((data, index) => ({ at: at(index), data })), end]);
        }));
        const beside = names.indexOf("temperature_beside_peers");
        const rows = Array.from(times, (time, row) => ({
          time,
          values: [...matrix.subarray(row * names.length, (row + 1) * names.length)],
        })).filter(({ time }) => time <= cut);
        assert.ok(rows.some(({ values }) => !Number.isNaN(values[beside])), "nobody has peers");
        return rows;
      };
      const kept = lives.slice(1).map((own) => [...own.slice(0, step + 1), ...other]);
      assert.deepEqual(before([...lives.slice(0, 1), ...kept]), before(lives));
    }),
    { numRuns: 50 },
  );
});

function* life(failsAt: number, until: number): Generator<Report> {
  for (let at = START; at < until; at += 5 * MINUTE_MS) {
    const hours = (at - failsAt) / HOUR_MS;
    const data = hours < 0 || hours > 4
      ? { status: "online" }
      : hours < 3
      ? { status: "error", error_code: "E002" }
      : { status: "maintenance" };
    yield { at, data };
  }
}

Deno.test("rows come every hour, none while there is nothing left to foretell", () => {
  const failsAt = START + 50 * HOUR_MS;
  const rows = new AtmRows();
  for (const report of life(failsAt, START + 100 * HOUR_MS)) rows.take(report);
  const { times, labels, matrix, episodes, devices } = joinRows([rows, rows]);
  const half = times.length / 2;
  assert.equal(matrix.length, times.length * FEATURE_NAMES.length);
  const own = [...times.slice(0, half)];
  assert.ok(own.every((at) => at < failsAt || at > failsAt + 4 * HOUR_MS));
  assert.ok(own.every((at) => at % HOUR_MS === 0));
  const positive = own.filter((_, row) => labels[row] === 1);
  assert.deepEqual(positive.map((at) => Math.ceil((failsAt - at) / HOUR_MS)), [4, 3, 2, 1]);
  assert.ok(positive.every((at) => episodes[own.indexOf(at)] === 0));
  assert.equal(Math.max(...episodes.slice(half)), 1);
  assert.deepEqual([...new Set(devices)], [0, 1]);
});

Deno.test("a silent ATM gets no rows", () => {
  const rows = new AtmRows();
  rows.take({ at: START, data: { status: "online" } });
  rows.take({ at: START + 90 * HOUR_MS, data: { status: "online" } });
  assert.equal(rows.labelled().length, 0);
});
