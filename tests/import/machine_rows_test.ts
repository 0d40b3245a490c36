import assert from "node:assert/strict";
import {
  datesUntil,
  isKnown,
  momentOf,
  rowOf,
  withoutForeignStatus,
  WrongRowError,
} from "../../commands/import/machine_rows.ts";

Deno.test("a date and the days before it are told oldest first, over the end of a month", () => {
  assert.deepEqual(datesUntil("2026-03-01", 2), ["2026-02-27", "2026-02-28", "2026-03-01"]);
  assert.deepEqual(datesUntil("2026-03-01", 0), ["2026-03-01"]);
});

Deno.test("columns with a dot are groups; ids of digits stay texts, and empty cells say nothing", () => {
  const names = ["_id", "machineId", "acceleration.rms", "velocity.rms", "temperature", "status"];
  assert.deepEqual(rowOf(names, ["7", "42", "0.5", "", "21.5", " Alert "]), {
    _id: "7",
    machineId: "42",
    acceleration: { rms: 0.5 },
    temperature: 21.5,
    status: "Alert",
  });
});

Deno.test("a moment is the reading's own, or none; one that is no moment is refused", () => {
  assert.equal(momentOf({ timestamp: "2026-01-31T13:00:00+01:00" }), "2026-01-31T12:00:00.000Z");
  assert.equal(momentOf({}), undefined);
  assert.throws(() => momentOf({ timestamp: "yesterday" }), WrongRowError);
});

Deno.test("a description that adds nothing is known; a status that is no zone is left out", () => {
  const known = { _id: "M", customer: "A", bearings: {} };
  assert.ok(isKnown({ _id: "M", customer: "A" }, known));
  assert.ok(!isKnown({ _id: "M", customer: "B" }, known));
  assert.ok(!isKnown({ _id: "M" }, undefined));
  assert.deepEqual(withoutForeignStatus({ _id: "M", status: "running" }), { _id: "M" });
  assert.deepEqual(withoutForeignStatus({ status: "Alert" }), { status: "Alert" });
});
