/**
 * A service desk's day on a running Telltale: a day of simulated ATMs comes in through the broker,
 * they are scored as it comes their turn, asked about on demand, and one is sent a technician.
 */
import assert from "node:assert/strict";
import { connectBus } from "../../events/bus/connection.ts";
import { subjectOf } from "../../events/bus/subjects.ts";
import { atmReports } from "../../simulator/truth.ts";
import { startTelltale } from "../support/telltale.ts";

const DAY_MS = 86_400_000;
const ATMS = 12;
const EVERY_MS = 10 * 60_000;

/** Publishes what they said in the last 24 hours; returns their ids. */
async function tellADay(natsUrl: string): Promise<string[]> {
  const connection = await connectBus(natsUrl, "test publisher");
  const until = Date.now();
  const world = { seed: "a service desk's day", startAt: until - DAY_MS, tempo: 1 };
  const ids: string[] = [];
  for (let index = 0; index < ATMS; index++) {
    for (const { data } of atmReports(world, index, { everyMs: EVERY_MS, until })) {
      const id = String(data.atm_id);
      if (!ids.includes(id)) ids.push(id);
      connection.publish(subjectOf("atm", id, "telemetry"), JSON.stringify(data));
    }
    await connection.flush();
  }
  await connection.close();
  return ids;
}

/** Asks until the answer is as wanted. */
async function until<Answer>(
  ask: () => Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
): Promise<Answer> {
  for (let turn = 0;; turn++) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    assert.ok(turn < 600, `waited in vain; the last answer was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test("ATMs are scored, asked about, and sent a technician", async () => {
  const telltale = await startTelltale();
  const api = `${telltale.url}/api/v1`;
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${api}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  try {
    const ids = await tellADay(telltale.natsUrl);
    const { body } = await until(
      () => send("POST", "/predictions/bulk", { atm_ids: ids }),
      ({ body }) => body.successful >= ATMS / 2,
    );
    assert.equal(body.total, ATMS);
    const foretold = body.predictions.find((one: { prediction_available: boolean }) =>
      one.prediction_available
    );
    assert.equal(foretold.risk_factors.length, 5);

    const scored = await until(
      () => send("GET", `/devices/atm/${foretold.atm_id}/risk`),
      ({ status, body }) => status === 200 && body.scores.length > 0,
    );
    const [current] = scored.body.current;
    assert.equal(current.model, foretold.model);
    // A few seconds lie between the two, and other peers.
    assert.ok(Math.abs(current.probability - foretold.failure_probability) < 0.2);
    const risky = await send("GET", "/predictions/high-risk?threshold=0&limit=100");
    assert.ok(risky.body.atms.some((atm: { atm_id: string }) => atm.atm_id === foretold.atm_id));
    const board = await send("GET", "/predictions/scoreboard?kind=atm");
    assert.ok(board.body.totals.scores > 0);

    const { status, body: entry } = await send("POST", "/maintenance", {
      kind: "atm",
      device: foretold.atm_id,
      action: "Clean the dispenser",
      scheduled_for: new Date(Date.now() + DAY_MS).toISOString(),
      assignee: "Ann",
    });
    assert.deepEqual([status, entry.state, entry.assignee], [201, "scheduled", "Ann"]);
    const path = `/maintenance/${encodeURIComponent(entry.entry)}`;
    const done = await send("PUT", path, { state: "done", by: "Ann", note: "Belt changed" });
    assert.deepEqual([done.body.state, done.body.note], ["done", "Belt changed"]);
    const again = await send("PUT", path, { state: "done", by: "Ann" });
    assert.deepEqual([again.status, again.body.closed_at], [200, done.body.closed_at]);
    const late = await send("PUT", path, { state: "cancelled" });
    assert.deepEqual([late.status, late.body.code], [409, "maintenance-closed"]);
    const told = await send("GET", `/devices/atm/${foretold.atm_id}/events?order=desc&limit=3`);
    assert.deepEqual(told.body.events.map(({ type }: { type: string }) => type), [
      "CommandRejected",
      "MaintenanceDone",
      "MaintenanceScheduled",
    ]);
  } finally {
    await telltale.stop();
  }
});
