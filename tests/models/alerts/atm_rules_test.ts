import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_CODES } from "../../../events/atm.ts";
import type { Json } from "../../../events/vocabulary.ts";
import { ATM_RULES, isOrdinary, ruleOf } from "../../../models/alerts/atm_rules.ts";
import { activityOf, type Facts } from "../../../models/alerts/facts.ts";

function facts(report: Json, more: Partial<Facts> = {}): Facts {
  return {
    report,
    status: "online",
    transactions: undefined,
    activity: undefined,
    daysInUse: undefined,
    open: {},
    ...more,
  };
}

function judge(reason: string, report: Json, more: Partial<Facts> = {}) {
  const rule = ruleOf(reason);
  assert.ok(rule);
  return rule.judge(facts(report, more));
}

/** The contract's table: rule, field, and what each value must mean. */
const TABLE: readonly [string, string, readonly (readonly [value: number, verdict: unknown])[]][] =
  [
    ["low-cash", "cash_level_percent", [
      [22, "rests"],
      [21, undefined],
      [20, undefined],
      [19.9, "medium"],
      [15, "medium"],
      [14.9, "high"],
      [10, "high"],
      [9.9, "rests"],
    ]],
    ["critical-cash", "cash_level_percent", [
      [12, "rests"],
      [11, undefined],
      [10, undefined],
      [9.9, "high"],
      [5, "high"],
      [4.9, "critical"],
      [0, "critical"],
    ]],
    ["high-temperature", "temperature_celsius", [
      [37, "rests"],
      [38, undefined],
      [38.1, "high"],
      [40, "high"],
      [40.1, "critical"],
    ]],
    ["low-temperature", "temperature_celsius", [[3, "rests"], [2, undefined], [1.9, "medium"]]],
    ["high-cpu", "cpu_usage_percent", [
      [80, "rests"],
      [85, undefined],
      [85.1, "high"],
      [95, "high"],
      [95.1, "critical"],
    ]],
    ["high-memory", "memory_usage_percent", [[80, "rests"], [85, undefined], [85.1, "medium"]]],
    ["high-disk", "disk_usage_percent", [[88, "rests"], [90, undefined], [90.1, "medium"]]],
  ];

for (const [reason, field, cases] of TABLE) {
  Deno.test(`the rule ${reason} says of each value what the contract says`, () => {
    for (const [value, verdict] of cases) {
      assert.equal(judge(reason, { [field]: value }), verdict, `${field} ${value}`);
    }
    assert.equal(judge(reason, {}), undefined, "what is not told changes nothing");
    assert.equal(judge(reason, { [field]: null }), undefined);
  });
}

Deno.test("below ten per cent, cash is one alert: the critical one, until that rests", () => {
  const open = { "critical-cash": {} };
  assert.equal(judge("low-cash", { cash_level_percent: 11 }), "high");
  assert.equal(judge("low-cash", { cash_level_percent: 11 }, { open }), "rests");
  assert.equal(judge("low-cash", { cash_level_percent: 13 }, { open }), "high");
});

Deno.test("an error code, or the status of an error, is hardware's, as severe as its code", () => {
  const severities = Object.keys(ERROR_CODES).map((code) => judge("error", { error_code: code }));
  assert.deepEqual(severities, [
    "high",
    "critical",
    "high",
    "medium",
    "medium",
    "medium",
    "critical",
    "medium",
    "medium",
    "medium",
  ]);
  assert.equal(judge("error", { error_code: "constructor" }), "medium");
  assert.equal(judge("error", {}, { status: "error" }), "medium");
  assert.equal(judge("error", { error_code: "" }), "rests");
});

Deno.test("an atm that says it is offline, or that its network is, is disconnected", () => {
  assert.equal(judge("offline", {}, { status: "offline" }), "high");
  assert.equal(judge("offline", { network_status: "disconnected" }), "high");
  assert.equal(judge("offline", { network_status: "unstable" }), "rests");
});

Deno.test("more than a tenth of at least twenty transactions failing is an alert", () => {
  const of = (total: number, failed: number) =>
    judge("transaction-failures", {}, { transactions: { total, failed } });
  assert.equal(of(19, 19), undefined);
  assert.equal(of(20, 3), "medium");
  assert.equal(of(20, 2), undefined);
  assert.equal(of(100, 8), "rests");
});

Deno.test("maintenance is due ninety days after the last", () => {
  assert.equal(judge("maintenance-due", {}), undefined);
  assert.equal(judge("maintenance-due", {}, { daysInUse: 89.99 }), "rests");
  assert.equal(judge("maintenance-due", {}, { daysInUse: 90 }), "medium");
});

Deno.test("an hour with more than two deviations from the usual transactions is an alert", () => {
  const usual = [8, 12, 8, 12, 8, 12, 8, 12, 8, 12, 8, 12];
  const of = (latest: number) =>
    judge("unusual-activity", {}, { activity: activityOf(latest, usual) });
  assert.equal(of(10), "rests");
  assert.equal(of(14), undefined);
  assert.equal(of(15), "medium");
  assert.equal(of(5), "medium");
  assert.equal(activityOf(99, usual.slice(1)), undefined, "too few hours are known");
  assert.equal(activityOf(undefined, usual), undefined);
});

Deno.test("a report is ordinary exactly where no rule that looks at it alone is broken", () => {
  const value = fc.oneof(
    fc.double({ min: -10, max: 100, noNaN: true }),
    fc.constantFrom(2, 10, 20, 38, 40, 85, 90, 95, null, undefined),
  );
  const report = fc.record({
    cash_level_percent: value,
    temperature_celsius: value,
    cpu_usage_percent: value,
    memory_usage_percent: value,
    disk_usage_percent: value,
    network_status: fc.constantFrom("connected", "disconnected", "unstable", null),
    error_code: fc.constantFrom("E001", "E002", "X", "", null, undefined),
  }, { requiredKeys: [] });
  const status = fc.constantFrom("online", "offline", "error", "maintenance");
  fc.assert(
    fc.property(report, status, (said, as) => {
      const broken = ATM_RULES.some((rule) => {
        const verdict = rule.judge(facts(said, { status: as }));
        return verdict !== undefined && verdict !== "rests";
      });
      assert.equal(isOrdinary(said, as), !broken);
    }),
    { seed: 11, numRuns: 2_000 },
  );
});
