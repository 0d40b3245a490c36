import assert from "node:assert/strict";
import { RecurrenceError } from "../../reports/cron.ts";
import { startRetraining } from "../../routes/training/retraining.ts";
import type { TrainingOrder } from "../../routes/training/jobs.ts";

const NOON = Date.UTC(2026, 5, 15, 12);
const MINUTE = 60_000;

Deno.test("a failure model is asked for when its moment has come, once, however late one looks", async () => {
  let now = NOON;
  const asked: TrainingOrder[] = [];
  const training = {
    ask(order: TrainingOrder) {
      asked.push(order);
      return undefined;
    },
  };
  const looked = () => new Promise((resolve) => setTimeout(resolve, 1_200));
  const stop = startRetraining({ cron: "30 * * * *", zone: "UTC" }, training, () => now);
  try {
    await looked();
    assert.equal(asked.length, 0);
    now = NOON + 3 * 60 * MINUTE + 31 * MINUTE;
    await looked();
    await looked();
    assert.equal(asked.length, 1);
    const [order] = asked;
    assert.ok(order?.kind === "failure");
    assert.deepEqual([order.to, order.force, order.by], [now, false, "schedule"]);
    assert.equal(order.to - order.from, 90 * 86_400_000);
  } finally {
    stop();
  }
});

Deno.test("what is no moment is refused at once", () => {
  const training = { ask: () => undefined };
  assert.throws(
    () => startRetraining({ cron: "never", zone: "UTC" }, training, () => NOON),
    RecurrenceError,
  );
});
