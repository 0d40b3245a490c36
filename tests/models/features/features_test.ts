import assert from "node:assert/strict";
import fc from "fast-check";
import {
  AtmHistory,
  CONTRACT_FEATURES,
  FEATURE_NAMES,
  features,
  type Report,
} from "../../../models/features/mod.ts";
import { plainFeatures } from "./plain_features.ts";
import { reports, START } from "./reports.ts";

const HOUR_MS = 3_600_000;

function historyOf(reports: readonly Report[]): AtmHistory {
  const history = new AtmHistory();
  for (const { at, data } of reports) history.take(data, at);
  return history;
}

function assertClose(actual: Float32Array, expected: ReadonlyMap<string, number>): void {
  for (const [index, name] of FEATURE_NAMES.entries()) {
    const found = actual[index] ?? 0;
    const wanted = expected.get(name);
    assert.ok(wanted !== undefined, `nobody knows what ${name} should be`);
    const near = Math.abs(found - wanted) <= 1e-3 + 2e-5 * Math.abs(wanted);
    assert.ok(
      Object.is(Number.isNaN(found), Number.isNaN(wanted)) && (Number.isNaN(wanted) || near),
      `${name} is ${found}, not ${wanted}`,
    );
  }
}

Deno.test("features equal those computed from the list of all records", () => {
  const later = fc.oneof(fc.integer({ min: 0, max: HOUR_MS }), fc.nat(30 * HOUR_MS));
  fc.assert(
    fc.property(reports, later, (reports, laterMs) => {
      const at = (reports.at(-1)?.at ?? START) + laterMs;
      assertClose(features(historyOf(reports), at), plainFeatures(reports, at));
    }),
    { numRuns: 400 },
  );
});

Deno.test("a deviation is small beside what it is a deviation of", () => {
  const said = [99.08, 98.96].map((cash_level_percent, i) => ({
    at: START + i,
    data: { status: "online", cash_level_percent },
  }));
  const history = historyOf([...said, { at: START + 2, data: { status: "online" } }]);
  const { cash_sd: found = NaN } = rowOf(history, START + 2);
  assert.ok(Math.abs(found - 0.12 / Math.SQRT2) < 1e-5, `${found}`);
});

Deno.test("the first 28 are those of the contract, and every name is another", () => {
  assert.equal(CONTRACT_FEATURES, 28);
  assert.equal(FEATURE_NAMES[0], "online_ratio");
  assert.equal(FEATURE_NAMES[27], "current_critical");
  assert.equal(new Set(FEATURE_NAMES).size, FEATURE_NAMES.length);
});

Deno.test("the current record is in none of the windows", () => {
  const calm = { status: "online", temperature_celsius: 20, network_latency_ms: 80 };
  const history = historyOf([{ at: START, data: calm }, { at: START + 30_000, data: calm }]);
  history.take({ status: "error", temperature_celsius: 55, error_code: "E007" }, START + 60_000);
  const row = rowOf(history, START + 60_000);
  assert.equal(row.temperature_max, 20);
  assert.equal(row.error_ratio, 0);
  assert.equal(row.critical_code_ratio, 0);
  assert.equal(row.current_temperature, 55);
  assert.equal(row.current_status, 2);
  assert.equal(row.current_critical, 1);
});

Deno.test("what is missing stays missing, and takes nothing else with it", () => {
  const history = historyOf([
    { at: START, data: { status: "online", cash_level_percent: 70, network_latency_ms: null } },
    { at: START + 30_000, data: { status: "online", network_latency_ms: null } },
  ]);
  const row = rowOf(history, START + 30_000);
  assert.equal(row.cash_mean, 70);
  for (const name of ["current_latency_seconds", "latency_mean_24h", "cash_sd", "cpu_max"]) {
    assert.ok(Number.isNaN(row[name]), `${name} is ${row[name]}`);
  }
});

Deno.test("features know no hour of day", () => {
  fc.assert(
    fc.property(reports, fc.integer({ min: -500, max: 500 }), (reports, steps) => {
      const byMs = steps * 600_000;
      const at = reports.at(-1)?.at ?? START;
      const later = reports.map((report) => ({ ...report, at: report.at + byMs }));
      assert.deepEqual(
        [...features(historyOf(later), at + byMs)],
        [...features(historyOf(reports), at)],
      );
    }),
    { numRuns: 100 },
  );
});

Deno.test("without any record every feature is missing", () => {
  assert.ok(features(new AtmHistory(), START).every((value) => Number.isNaN(value)));
});

Deno.test("a record that comes late joins the window it belongs to", () => {
  fc.assert(
    fc.property(reports, fc.nat(), (reports, seed) => {
      const lateIndex = reports.length < 3 ? 0 : 1 + seed % (reports.length - 2);
      const [late] = reports.slice(lateIndex, lateIndex + 1);
      if (late === undefined || reports.length < 3) return;
      const history = historyOf(reports.filter((report) => report !== late));
      history.take(late.data, late.at);
      const at = reports.at(-1)?.at ?? START;
      const inOrder = rowOf(historyOf(reports), at);
      const mixed = rowOf(history, at);
      for (const [index, name] of FEATURE_NAMES.entries()) {
        if (/_started_|restarts_|since_start/.test(name)) continue;
        const [a, b] = [inOrder[name] ?? 0, mixed[name] ?? 0];
        const close = Math.abs(a - b) <= 1e-3 + 2e-5 * Math.abs(a);
        assert.ok(close || (Number.isNaN(a) && Number.isNaN(b)), `${index} ${name}: ${a}, ${b}`);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("a history comes back from JSON as it was, wherever it is cut", () => {
  fc.assert(
    fc.property(reports, fc.nat(), (reports, seed) => {
      const cut = seed % reports.length;
      const before = historyOf(reports.slice(0, cut));
      const restored = new AtmHistory(JSON.parse(JSON.stringify(before)));
      for (const { at, data } of reports.slice(cut)) restored.take(data, at);
      const at = reports.at(-1)?.at ?? START;
      // Not as typed arrays: those are compared by their bytes, and NaN has more than one.
      assert.deepEqual([...features(restored, at)], [...features(historyOf(reports), at)]);
    }),
    { numRuns: 100 },
  );
});

Deno.test("a history stays below 32 KiB of JSON, whatever it is told", () => {
  const history = new AtmHistory();
  for (let i = 0; i < 100_000; i++) {
    history.take(
      { status: "error", error_code: `E${i % 13}`, cash_level_percent: (i * 7919 % 10_007) / 101 },
      START + i * 1700,
    );
  }
  const { length } = JSON.stringify(history);
  assert.ok(length < 32 * 1024, `${length} bytes`);
});

Deno.test("an ATM that has spoken for five minutes takes a kilobyte, for years no more than 17", () => {
  const history = new AtmHistory();
  const calm = { status: "online", cash_level_percent: 50, temperature_celsius: 20 };
  const bytes = () => history.counts.byteLength + history.values.byteLength;
  for (let minute = 0; minute < 5; minute++) history.take(calm, START + minute * 60_000);
  assert.ok(bytes() < 1024 && JSON.stringify(history).length < 1024);
  for (let hour = 0; hour < 20_000; hour++) history.take(calm, START + hour * HOUR_MS / 10);
  assert.ok(bytes() < 17 * 1024, `${bytes()} bytes`);
});

Deno.test("records from before the first join windows of their own, where those are still kept", () => {
  const history = new AtmHistory();
  const told = (celsius: number) => ({ status: "online", temperature_celsius: celsius });
  for (const minute of [0, 1, 2]) history.take(told(20), START + minute * 60_000);
  history.take(told(50), START - 20 * HOUR_MS);
  history.take(told(60), START - 30 * HOUR_MS);
  assert.equal(rowOf(history, START + 120_000).temperature_max, 50);
});

Deno.test("any count comes back from JSON, up to where counting stops", () => {
  for (const count of [1, 127, 128, 16_383, 16_384, 65_535, 70_000]) {
    const history = new AtmHistory();
    for (let i = 0; i <= count; i++) history.take({ status: "online" }, START + i);
    const restored = new AtmHistory(JSON.parse(JSON.stringify(history)));
    assert.deepEqual(restored.counts, history.counts);
    assert.equal(Math.max(...history.counts), Math.min(count, 65_535));
  }
});

function rowOf(history: AtmHistory, at: number): Record<string, number> {
  const row = features(history, at);
  return Object.fromEntries(FEATURE_NAMES.map((name, index) => [name, row[index] ?? 0]));
}
