import assert from "node:assert/strict";
import { model } from "../../actors/model.ts";
import { MODELS_REMEMBERED } from "../../actors/models.ts";
import { fold, given, type Past } from "../given.ts";
import { command, message, NOON, tick } from "./saying.ts";

const card = { source: "a test" };
const by = "training";
const id = "failure";

function sha(letter: string): string {
  return letter.repeat(64);
}

function record(letter: string, promote = true, kind = id) {
  const order = { model: sha(letter), kind, card, promote, by };
  return command("RecordModel", order, NOON, { id });
}

function promote(letter: string) {
  return command("PromoteModel", { model: sha(letter), by }, NOON, { id });
}

function rollBack(letter: string) {
  return command("RollBackModel", { model: sha(letter), by }, NOON, { id });
}

function trained(letter: string): Past {
  const data = { model: sha(letter), kind: id, card };
  return { type: "ModelTrained", data, occurredAt: NOON };
}

function promoted(letter: string, back = false): Past {
  const data = { model: sha(letter), kind: id, by, ...(back && { back: true }) };
  return { type: "ModelPromoted", data, occurredAt: NOON };
}

const two = [trained("a"), promoted("a"), trained("b"), promoted("b")];

Deno.test("a fleet's model is recorded and put in force without anybody having registered it", () => {
  given(model).when(record("a")).then(trained("a"), promoted("a"));
  given(model).when(record("a", false)).then(trained("a"));
  given(model, ...two).when(record("b")).thenNothing();
});

Deno.test("rolled back, the model before is in force again, and then the one before that", () => {
  const three = [...two, trained("c"), promoted("c")];
  given(model, ...three).when(rollBack("c")).then(promoted("b", true));
  given(model, ...three, promoted("b", true)).when(rollBack("b")).then(promoted("a", true));
  const first = [...three, promoted("b", true), promoted("a", true)];
  given(model, ...first).when(rollBack("a")).thenRejected("no-model-before");
});

Deno.test("to roll back from a model that has made way already changes nothing", () => {
  given(model, ...two).when(rollBack("a")).thenNothing();
  given(model, ...two, promoted("a", true)).when(rollBack("b")).thenNothing();
  given(model).when(rollBack("a")).thenNothing();
});

Deno.test("promoted by hand, a model can be rolled back from like any other", () => {
  given(model, ...two).when(promote("a")).then(promoted("a"));
  given(model, ...two, promoted("a")).when(rollBack("a")).then(promoted("b", true));
  given(model, ...two).when(promote("f")).thenRejected("model-unknown");
});

Deno.test("models hear orders about models of their kind, and nothing else", () => {
  given(model).when(record("a", true, "lstm")).thenRejected("wrong-kind");
  given(model).when(command("DecommissionDevice", { by }, NOON, { id })).thenRejected("no-device");
  const other = { model: sha("a"), kind: "weather", card, promote: true, by };
  given(model).when(command("RecordModel", other, NOON, { id: "weather" }))
    .thenRejected("no-such-models");
  given(model, ...two).when(message("telemetry", {}, NOON, { id })).thenNothing();
  given(model, ...two).when(tick(NOON)).thenNothing();
});

Deno.test("a fleet promoting model after model remembers the latest", () => {
  const past = Array.from({ length: 2 * MODELS_REMEMBERED }, (_, i) => [
    { ...trained("a"), data: { model: String(i).padStart(64, "0"), kind: id, card } },
    { ...promoted("a"), data: { model: String(i).padStart(64, "0"), kind: id, by } },
  ]).flat();
  const { before, models } = fold(model, past);
  assert.deepEqual([before.length, models?.trained.length], [MODELS_REMEMBERED, MODELS_REMEMBERED]);
  assert.equal(before.at(-1), String(2 * MODELS_REMEMBERED - 2).padStart(64, "0"));
});
