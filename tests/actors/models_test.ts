import assert from "node:assert/strict";
import { MODELS_REMEMBERED } from "../../actors/models.ts";
import { sensor } from "../../actors/sensor.ts";
import { fold, given, type Past } from "../given.ts";
import { command, NOON } from "./saying.ts";

const registered: Past = {
  type: "DeviceRegistered",
  data: { kind: "sensor", id: "D-1" },
  occurredAt: NOON,
};
const card = { series: "D-1", better: true };
const by = "training";

function sha(letter: string): string {
  return letter.repeat(64);
}

function record(letter: string, promote: boolean) {
  return command("RecordModel", { model: sha(letter), kind: "lstm", card, promote, by }, NOON);
}

function trained(letter: string): Past {
  const model = sha(letter);
  return { type: "ModelTrained", data: { model, kind: "lstm", card }, occurredAt: NOON };
}

function promoted(letter: string): Past {
  const model = sha(letter);
  return { type: "ModelPromoted", data: { model, kind: "lstm", by }, occurredAt: NOON };
}

Deno.test("a trained model is recorded, and put in force where it is worth it", () => {
  given(sensor, registered).when(record("a", false)).then(trained("a"));
  given(sensor, registered).when(record("a", true)).then(trained("a"), promoted("a"));
});

Deno.test("a model the actor is told of twice is recorded once", () => {
  const past = [registered, trained("a"), promoted("a")];
  given(sensor, ...past).when(record("a", true)).then();
  given(sensor, registered, trained("a")).when(record("a", true)).then(promoted("a"));
});

Deno.test("a model is promoted over a later one, and over itself in vain", () => {
  const past = [registered, trained("a"), promoted("a"), trained("b"), promoted("b")];
  const promote = (letter: string) => command("PromoteModel", { model: sha(letter), by }, NOON);
  given(sensor, ...past).when(promote("a")).then(promoted("a"));
  given(sensor, ...past).when(promote("b")).then();
});

Deno.test("a model that was never trained of this sensor is not promoted", () => {
  given(sensor, registered, trained("a"))
    .when(command("PromoteModel", { model: sha("f"), by }, NOON)).thenRejected("model-unknown");
});

Deno.test("a sensor trained again and again remembers the latest", () => {
  const past = Array.from({ length: MODELS_REMEMBERED + 5 }, (_, i): Past => ({
    type: "ModelTrained",
    data: { model: String(i).padStart(64, "0"), kind: "lstm", card },
    occurredAt: NOON,
  }));
  const { models } = fold(sensor, [registered, ...past]);
  assert.equal(models?.trained.length, MODELS_REMEMBERED);
  assert.equal(models?.trained[0]?.model, "5".padStart(64, "0"));
});
