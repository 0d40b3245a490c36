/**
 * Telltale is killed while failures are foretold, come true or do not: no prediction is lost, none
 * is made twice, and each is held against what happened once.
 */
import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { turnAfter } from "../../actors/runtime/scoring.ts";
import { connectBus } from "../../events/bus/connection.ts";
import { subjectOf } from "../../events/bus/subjects.ts";
import type { Sql } from "../../events/log/database.ts";
import { verify } from "../../events/log/verify.ts";
import { FAILURE_MODEL, FAILURE_MODEL_STREAM } from "../../events/model.ts";
import type { FailureFile } from "../../models/failure/file.ts";
import { keepModel } from "../../projections/models.ts";
import { HOUR, MINUTE, WEARING, wearModel, WELL } from "../runtime/foretelling.ts";
import type { RunningTelltale } from "../support/telltale.ts";
import { pause } from "./load.ts";
import { inPlace } from "./place.ts";
import { caughtUp, expectProjectionsAreRebuilt, withLogAtRest } from "./promises.ts";
import { faultTest, rounds, tell } from "./seed.ts";

const WEARS = Array.from({ length: 24 }, (_, i) => `WEARS-${i}`);
const ARE_WELL = Array.from({ length: 8 }, (_, i) => `WELL-${i}`);
/** Of those that wear, the first so many fail. */
const FAIL = WEARS.slice(0, 12);

faultTest(
  "Telltale killed while failures are foretold and come true loses none and doubles none",
  (random) =>
    inPlace(async (place) => {
      const file = await wearModel();
      await (await place.start()).stop();
      await withLogAtRest(place, (sql) => putInForce(sql, file));
      let telltale = await place.start();
      const killed = async (): Promise<void> => {
        for (let round = rounds(3); round > 0; round--) {
          await pause(random.between(100, 2_500));
          await telltale.kill9();
          tell("  killed");
          telltale = await place.start();
        }
      };

      const now = Date.now();
      const past = Array.from({ length: 8 }, (_, i) => now - (72 - 10 * i) * MINUTE);
      await Promise.all([
        killed(),
        say(telltale, [
          ...past.flatMap((at) => WEARS.map((id) => report(id, at, { cpu: WEARING }))),
          ...past.flatMap((at) => ARE_WELL.map((id) => report(id, at, { cpu: WELL }))),
        ]),
      ]);
      await foretold(telltale, WEARS.length);

      // Their clocks are ahead of ours: they tell of what is foretold at once.
      await Promise.all([
        killed(),
        say(telltale, [
          ...FAIL.map((id) => report(id, now + HOUR, { status: "error", code: "E010" })),
          ...FAIL.map((id) => report(id, now + 4 * HOUR, { status: "maintenance" })),
          ...FAIL.map((id) => report(id, now + 5 * HOUR, {})),
        ]),
      ]);
      await caughtUp(telltale);
      await telltale.stop();
      await withLogAtRest(place, async (sql) => {
        assert.deepEqual((await verify(sql)).findings, [], "verify");
        await expectForetoldOnce(sql, file);
        await expectProjectionsAreRebuilt(sql, ["predictions", "risks", "devices"]);
      });
    }),
);

async function putInForce(sql: Sql, { onnx, card }: FailureFile): Promise<void> {
  const { sha256: model } = card;
  // One that was trained on simulated ATMs would make way for the one that comes with Telltale.
  const order = {
    model,
    kind: FAILURE_MODEL,
    card: { ...card, simulated: false },
    promote: true,
    by: "test",
  };
  await keepModel(sql, { stream: FAILURE_MODEL_STREAM, order, onnx });
}

interface Said {
  readonly subject: string;
  readonly payload: string;
  readonly msgID: string;
}

function report(
  id: string,
  at: number,
  { cpu = WELL, status = "online", code }: { cpu?: number; status?: string; code?: string },
): Said {
  const body = {
    atm_id: id,
    timestamp: new Date(at).toISOString(),
    status,
    cpu_usage_percent: cpu,
    ...(code === undefined ? {} : { error_code: code }),
  };
  return {
    subject: subjectOf("atm", id, "telemetry"),
    payload: JSON.stringify(body),
    msgID: `${id}-${at}`,
  };
}

/** One after the other, each until the broker has it. */
async function say({ natsUrl }: RunningTelltale, messages: readonly Said[]): Promise<void> {
  const connection = await connectBus(natsUrl, "atms");
  try {
    const stream = jetstream(connection, { timeout: 2_000 });
    for (const { subject, payload, msgID } of messages) {
      while (!await stream.publish(subject, payload, { msgID }).catch(() => undefined)) {
        await pause(100);
      }
    }
  } finally {
    await connection.close();
  }
}

async function foretold({ url }: RunningTelltale, count: number): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    const response = await fetch(`${url}/api/v1/events?type=FailurePredicted&limit=1000`);
    const { events } = await response.json() as { events: unknown[] };
    if (events.length >= count) return;
    if (performance.now() > until) throw new Error(`${events.length} of ${count} were foretold`);
    await pause(250);
  }
}

async function expectForetoldOnce(sql: Sql, { card }: FailureFile): Promise<void> {
  const rows = await sql<{ stream: string; type: string; data: Data; at: number }[]>`
    select stream, type, data, extract(epoch from occurred_at)::float8 * 1000 as at from events
    where stream like 'inference-%' order by partition, "offset"`;
  const told = (type: string, id: string) =>
    rows.filter((row) => row.type === type && row.stream === `inference-atm-${id}`);
  for (const id of ARE_WELL) assert.equal(told("FailurePredicted", id).length, 0, id);
  for (const id of WEARS) {
    const predicted = told("FailurePredicted", id);
    const own = predicted.filter(({ data }) => data.model === card.sha256);
    assert.equal(own.length, 1, `${id} was foretold ${own.length} times`);
    const fails = FAIL.includes(id);
    const outcomes = told("PredictionScored", id).map(({ data }) => data.outcome);
    assert.deepEqual(outcomes, fails ? ["hit"] : [], id);
    assert.equal(told("FailureRiskCleared", id).length, Number(fails), id);
    assert.equal(told("MaintenanceRecommended", id).length, 1, id);
  }
  for (const id of [...WEARS, ...ARE_WELL]) {
    const turns = told("RiskScored", id).map(({ at }) => turnAfter(`atm-${id}`, at, 15 * MINUTE));
    assert.ok(turns.length > 0, `${id} was never scored`);
    assert.equal(new Set(turns).size, turns.length, `${id} was scored twice in its turn`);
  }
}

interface Data {
  readonly model?: string;
  readonly outcome?: string;
}
