import assert from "node:assert/strict";
import { type CommittedForesight, followWithForesight } from "../../commands/foresight.ts";
import type { Json } from "../../events/vocabulary.ts";
import { trainLstm } from "../../models/lstm/train.ts";
import { keepModel } from "../../projections/models.ts";
import { START, wave } from "../models/lstm/series.ts";
import { type Stage, withStage } from "../routes/stage.ts";

const { card, onnx } = await trainLstm(wave(520), {
  series: "S1",
  seed: 1,
  now: START,
  epochsMax: 1,
  units: { first: 4, second: 3 },
});
const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", onnx)).toHex();
const history = wave(60);
const [next, afterwards] = wave(62).slice(60);

function said(sensor: string, { value, at }: { value: number; at: number }) {
  return { stream: `sensor-${sensor}`, type: "ReadingReported", data: { value }, occurredAt: at };
}

function trained(sensor: string, its: Json = { ...card }, model = sha256) {
  const stream = `sensor-${sensor}`;
  const facts = [
    { type: "ModelTrained", data: { model, kind: "lstm", card: its } },
    { type: "ModelPromoted", data: { model, kind: "lstm", by: "training" } },
  ];
  return facts.map((fact) => ({ stream, occurredAt: START, ...fact }));
}

async function keep(stage: Stage, bytes: Uint8Array): Promise<void> {
  const order = { model: sha256, kind: "lstm", card: { ...card }, promote: true, by: "training" };
  await keepModel(stage.deps.sql, { stream: "sensor-S1", order, onnx: bytes });
}

async function following(
  stage: Stage,
  test: (foresight: CommittedForesight, problems: string[]) => Promise<void>,
): Promise<void> {
  const problems: string[] = [];
  const foresight = await followWithForesight(
    stage.deps.sql,
    (problem) => problems.push(problem),
  );
  try {
    await test(foresight, problems);
  } finally {
    foresight.stop();
  }
}

async function eventually(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200 && !condition(); attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(condition());
}

Deno.test("a start finds the models in force, and goes on from the readings in the log", async () => {
  assert.ok(next && afterwards);
  await withStage(async (stage) => {
    await keep(stage, onnx);
    await stage.record([...history.map((reading) => said("S1", reading)), ...trained("S1")]);
    await following(stage, async (foresight, problems) => {
      await eventually(() => foresight.forecast("sensor-S1", next.at) !== undefined);
      assert.equal(foresight.forecast("sensor-S1", next.at)?.model, sha256);
      const before = foresight.forecast("sensor-S1", next.at)?.expected;
      foresight.committed(await stage.record([said("S1", next)]));
      await eventually(() => foresight.forecast("sensor-S1", afterwards.at) !== undefined);
      assert.notEqual(foresight.forecast("sensor-S1", afterwards.at)?.expected, before);
      assert.deepEqual(problems, []);
    });
  });
});

Deno.test("a model promoted while running is in force from then on", async () => {
  assert.ok(next);
  await withStage(async (stage) => {
    await keep(stage, onnx);
    await stage.record(history.map((reading) => said("S1", reading)));
    await following(stage, async (foresight) => {
      assert.equal(foresight.forecast("sensor-S1", next.at), undefined);
      foresight.committed(await stage.record(trained("S1")));
      await eventually(() => foresight.forecast("sensor-S1", next.at) !== undefined);
    });
  });
});

Deno.test("a file that is gone or was changed, and a card that is none, are told of and not used", async () => {
  assert.ok(next);
  const gone = "f".repeat(64);
  for (
    const [facts, bytes, problem] of [
      [trained("S1", { ...card }, gone), onnx, /the file of model f+ is not kept here/],
      [trained("S1"), Uint8Array.of(1, 2, 3), /the file of model \w+ was changed/],
      [trained("S1", { series: "S1" }), onnx, /the card of model \w+ is not a forecaster's/],
    ] as const
  ) {
    await withStage(async (stage) => {
      await keep(stage, bytes);
      await stage.record([...history.map((reading) => said("S1", reading)), ...facts]);
      await following(stage, async (foresight, problems) => {
        await eventually(() => problems.length > 0);
        assert.match(problems[0] ?? "", problem);
        assert.equal(foresight.forecast("sensor-S1", next.at), undefined);
      });
    });
  }
});
