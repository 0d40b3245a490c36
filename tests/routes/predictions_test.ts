/** Over HTTP: what is foretold, what came of it, how likely devices are to fail, what is to be done. */
import assert from "node:assert/strict";
import type { Published } from "../../events/bus/publisher.ts";
import { formatInstant } from "../../events/instant.ts";
import { FACTORS, MODEL, tellerOf } from "../projections/foretold.ts";
import type { Fact } from "../projections/log.ts";
import { NOW, posted, type Stage, withStage } from "./stage.ts";

const HOUR = 3_600_000;
const API = "/api/v1";
const A = tellerOf("atm", "A", NOW - 12 * HOUR);
const B = tellerOf("atm", "B", NOW - HOUR);
const BEARING = tellerOf("machine", "M-1", NOW - 2 * HOUR, "DE");

const STORY: readonly Fact[] = [
  { stream: "atm-A", type: "DeviceRegistered", data: {}, occurredAt: NOW - 12 * HOUR },
  ...A.predicted(0, "atm-A.1", 0.85),
  A.recommended(0, "atm-A.1"),
  A.cleared(6, "atm-A.1", "failed"),
  A.hit(6, "atm-A.1", 0, 3),
  ...B.predicted(0, "atm-B.1", 0.65),
  B.recommended(0, "atm-B.1"),
  BEARING.scored(0, 0.2, "bearing-health 1"),
  BEARING.scored(1, 0.3, "bearing-health 1"),
];

async function ask(stage: Stage, path: string, init: RequestInit = {}) {
  const response = await stage.app.request(`${API}${path}`, init);
  return { status: response.status, body: await response.json() };
}

/** Takes orders as the actors would: what they ask for is recorded at once. */
function obey(stage: Stage): void {
  const types: Record<string, string> = {
    ScheduleMaintenance: "MaintenanceScheduled",
    CompleteMaintenance: "MaintenanceDone",
    CancelMaintenance: "MaintenanceCancelled",
  };
  stage.answer = async ({ subject, payload }): Promise<Published> => {
    const [, kind, id] = subject.split(".");
    const { command, ...data } = JSON.parse(payload);
    const type = types[command] ?? "";
    const events = await stage.record([{ stream: `${kind}-${id}`, type, data, occurredAt: NOW }]);
    return { sequence: 1, duplicate: false, answer: { outcome: "recorded", events } } as Published;
  };
}

Deno.test("predictions are told with their reasons, what is recommended and what came of them", () =>
  withStage(async (stage) => {
    await stage.record(STORY);
    const { body } = await ask(stage, "/predictions");
    assert.equal(body.next, null);
    assert.deepEqual(body.predictions, [{
      prediction: "atm-B.1",
      kind: "atm",
      device: "B",
      part: null,
      probability: 0.65,
      risk_level: "high",
      horizon_hours: 4,
      predicted_at: formatInstant(NOW - HOUR),
      until: formatInstant(NOW + 3 * HOUR),
      model: MODEL,
      threshold: 0.5,
      factors: FACTORS,
      remaining: null,
      cleared_at: null,
      why: null,
      outcome: null,
      lead_time_hours: null,
      failure_at: null,
      code: null,
      recommendation: { action: "Look at the dispenser", by: formatInstant(NOW + 3 * HOUR) },
    }]);
    const hits = await ask(stage, "/predictions?state=all&outcome=hit&kind=atm&id=a");
    assert.equal(hits.body.predictions[0].lead_time_hours, 3);
    const one = await ask(stage, "/predictions/atm-A.1");
    assert.deepEqual(
      [one.body.risk_level, one.body.why, one.body.outcome, one.body.code],
      ["critical", "failed", "hit", "E002"],
    );
    assert.equal((await ask(stage, "/predictions/atm-A.9")).status, 404);
    const csv = await stage.app.request(`${API}/predictions?state=all&format=csv`);
    const lines = (await csv.text()).split("\r\n");
    assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.deepEqual(lines.map((line) => line.split(",")[0]), [
      "prediction",
      "atm-B.1",
      "atm-A.1",
      "",
    ]);
  }));

Deno.test("a failure that nobody foretold is listed as a miss, and only so", () =>
  withStage(async (stage) => {
    await stage.record([B.scored(0, 0.1), B.missed(0.9, 0.5)]);
    assert.deepEqual((await ask(stage, "/predictions?state=all")).body.predictions, []);
    const { body: { predictions: [missed] } } = await ask(stage, "/predictions?outcome=miss");
    assert.deepEqual(
      [missed.prediction, missed.probability, missed.device, missed.failure_at, missed.outcome],
      [null, null, "B", formatInstant(NOW - HOUR / 2), "miss"],
    );
  }));

Deno.test("the risk of a device is told as it is now and as it was", () =>
  withStage(async (stage) => {
    await stage.record(STORY);
    const { body } = await ask(stage, "/devices/machine/M-1/risk");
    assert.deepEqual(body.current, [{
      at: formatInstant(NOW - HOUR),
      part: "DE",
      probability: 0.3,
      risk_level: "low",
      model: "bearing-health 1",
      until: formatInstant(NOW + 3 * HOUR),
      remaining: null,
    }]);
    assert.deepEqual(
      body.scores.map((score: { probability: number }) => score.probability),
      [0.2, 0.3],
    );
    const nothing = await ask(stage, "/devices/machine/M-1/risk?part=NDE");
    assert.deepEqual([nothing.body.current, nothing.body.scores], [[], []]);
    const known = await ask(stage, "/devices/atm/A/risk?from=2020-01-01&to=2020-01-02");
    assert.deepEqual([known.status, known.body.scores], [200, []]);
    assert.equal((await ask(stage, "/devices/atm/NOBODY/risk")).status, 404);
  }));

Deno.test("a device's story tells what was foretold of it beside what it said", () =>
  withStage(async (stage) => {
    await stage.record(STORY);
    const types = async (path: string) => {
      const { body } = await ask(stage, path);
      return body.events.map(({ type }: { type: string }) => type);
    };
    const path = "/devices/atm/a/events";
    assert.deepEqual(await types(path), ["DeviceRegistered"]);
    assert.deepEqual(await types(`${path}?of=foretold&order=desc&limit=2`), [
      "PredictionScored",
      "FailureRiskCleared",
    ]);
    assert.deepEqual(await types(`${path}?of=foretold&before=2`), [
      "RiskScored",
      "FailurePredicted",
    ]);
    assert.equal((await ask(stage, "/devices/atm/NOBODY/events?of=foretold")).status, 404);
    assert.equal((await ask(stage, `${path}?of=gossip`)).status, 422);
  }));

Deno.test("the scoreboard counts in all, by model and over time", () =>
  withStage(async (stage) => {
    await stage.record(STORY);
    const { body } = await ask(stage, "/predictions/scoreboard?kind=atm&step=week");
    const { predictions, hits, undecided, precision, recall } = body.totals;
    assert.deepEqual([predictions, hits, undecided, precision, recall], [2, 1, 1, 1, 1]);
    assert.deepEqual(body.by_model.map(({ model }: { model: string }) => model), [MODEL]);
    // Noon of a Monday: yesterday's midnight is of the week before.
    assert.deepEqual(body.over_time.map(({ from }: { from: string }) => from), [
      "2026-06-15T00:00:00.000Z",
    ]);
    const all = await ask(stage, "/predictions/scoreboard");
    assert.equal(all.body.by_model.length, 2);
    const none = await ask(stage, "/predictions/scoreboard?from=2020-01-01&to=2020-02-01");
    assert.deepEqual([none.body.totals.precision, none.body.over_time], [null, []]);
  }));

Deno.test("what is recommended is scheduled by a person, and done", () =>
  withStage(async (stage) => {
    await stage.record(STORY);
    obey(stage);
    const open = await ask(stage, "/maintenance?state=open");
    assert.deepEqual(open.body.maintenance.map(({ entry }: { entry: string }) => entry), [
      "atm-B.1",
    ]);
    const path = "/maintenance/atm-B.1";
    const put = (body: unknown) => ask(stage, path, { ...posted(body), method: "PUT" });
    const early = await put({ assignee: "Ann" });
    assert.deepEqual([early.status, early.body.errors[0].name], [422, "scheduled_for"]);
    const { body: scheduled } = await put({ scheduled_for: "2026-06-15T14:00+01:00", by: "desk" });
    assert.deepEqual(
      [scheduled.state, scheduled.scheduled_for, scheduled.action, scheduled.prediction],
      ["scheduled", "2026-06-15T13:00:00.000Z", "Look at the dispenser", "atm-B.1"],
    );
    const { body: assigned } = await put({ assignee: "Ann" });
    assert.deepEqual([assigned.assignee, assigned.scheduled_for], ["Ann", scheduled.scheduled_for]);
    const { body: done } = await put({ state: "done", note: "Belt changed", by: "Ann" });
    assert.deepEqual([done.state, done.why, done.note], ["done", "Ann", "Belt changed"]);
    assert.deepEqual(stage.sent.map(({ subject }) => subject), [
      "devices.atm.B.command",
      "devices.atm.B.command",
      "devices.atm.B.command",
    ]);
    const csv = await stage.app.request(`${API}/maintenance?format=csv`);
    assert.match(await csv.text(), /^entry,kind.*\r\natm-B\.1,atm,B,,done,/);
  }));

Deno.test("maintenance that nobody recommended is planned once for one key", () =>
  withStage(async (stage) => {
    await stage.record(STORY);
    obey(stage);
    const plan = {
      kind: "atm",
      device: "a",
      action: "Yearly inspection",
      scheduled_for: "2026-07-01T08:00:00Z",
    };
    const key = { "idempotency-key": "order-77" };
    const first = await ask(stage, "/maintenance", posted(plan, key));
    assert.deepEqual(
      [first.status, first.body.device, first.body.state, first.body.prediction],
      [201, "A", "scheduled", null],
    );
    const again = await ask(stage, "/maintenance", posted(plan, key));
    assert.equal(again.body.entry, first.body.entry);
    const other = await ask(stage, "/maintenance", posted(plan));
    assert.notEqual(other.body.entry, first.body.entry);
    const nobody = await ask(stage, "/maintenance", posted({ ...plan, device: "NOBODY" }));
    assert.deepEqual([nobody.status, nobody.body.code], [404, "device-unknown"]);
  }));

for (
  const [what, path, init, status, says] of [
    ["an unknown state", "/predictions?state=maybe", {}, 422, /state/],
    ["an unknown outcome", "/predictions?outcome=luck", {}, 422, /outcome/],
    ["a reversed range", "/predictions?from=2026-02-02&to=2026-02-01", {}, 422, /before `to`/],
    ["a cursor of another list", "/predictions?cursor=W10", {}, 422, /cursor/],
    ["a cursor with a stream", "/predictions?format=csv&cursor=W10", {}, 422, /not paged/],
    ["a prediction of NUL", "/predictions/%00", {}, 404, /no prediction/],
    ["an unknown step", "/predictions/scoreboard?step=hour", {}, 422, /step/],
    ["a limit beyond all bounds", "/devices/atm/A/risk?limit=99999", {}, 422, /limit/],
    ["unknown maintenance", "/maintenance/none", {}, 404, /no maintenance/],
    ["a body that is not JSON", "/maintenance", posted("{"), 400, /JSON/],
    ["a plan without a moment", "/maintenance", posted({ kind: "atm" }), 422, /scheduled_for/],
    [
      "a plan for no moment",
      "/maintenance",
      posted({ kind: "atm", device: "A", action: "x", scheduled_for: "soon" }),
      422,
      /ISO 8601/,
    ],
    [
      "a field nobody knows",
      "/maintenance",
      posted({ kind: "atm", device: "A", action: "x", scheduled_for: "2026-07-01", x: 1 }),
      422,
      /x/,
    ],
    [
      "a change of what is not there",
      "/maintenance/none",
      { ...posted({ state: "done" }), method: "PUT" },
      404,
      /no maintenance/,
    ],
  ] as [string, string, RequestInit, number, RegExp][]
) {
  Deno.test(`${what} is refused: ${path}`, () =>
    withStage(async (stage) => {
      const answer = await ask(stage, path, init);
      assert.deepEqual([answer.status, stage.reported], [status, []]);
      assert.match(answer.body.detail, says);
    }));
}
