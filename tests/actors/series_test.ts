import assert from "node:assert/strict";
import { atm } from "../../actors/atm.ts";
import { sensor } from "../../actors/sensor.ts";
import { RECENT_FITS } from "../../actors/series.ts";
import { given, type Past } from "../given.ts";
import { bring, command, message, NOON } from "./saying.ts";

const model = {
  mean: 10,
  sd: 2,
  threshold: 3,
  sided: "both",
  points: 4,
  min: 8,
  max: 12,
  from: "1609459200",
  to: "1609459380",
  anomalies: 0,
  digest: "a".repeat(64),
};
const sample = { timestamps: "AAAAAAAAAAA=", values: "AAAAAAAAAAA=" };
const registered: Past = {
  type: "DeviceRegistered",
  data: { kind: "sensor", id: "D-1" },
  occurredAt: NOON,
};

function fit(more: object = {}) {
  return command("FitSeriesModel", { ...model, sample, ...more }, NOON);
}

function fitted(modelVersion: string, more: object = {}): Past[] {
  const occurredAt = NOON;
  return [
    { type: "SeriesModelFitted", data: { modelVersion, ...model, ...more }, occurredAt },
    { type: "TrainingSampleKept", data: { modelVersion, ...sample }, occurredAt },
  ];
}

Deno.test("a fit of a series nobody knew registers its sensor", () => {
  given(sensor).when(fit()).then(registered, ...fitted("v1"));
});

Deno.test("a fit of a sensor that has spoken is its next model", () => {
  given(sensor, registered).when(fit()).then(...fitted("v1"));
  const digest = "b".repeat(64);
  given(sensor, registered, ...fitted("v1")).when(fit({ digest })).then(
    ...fitted("v2", { digest }),
  );
});

Deno.test("the same data with the same options is the model there is", () => {
  given(sensor, registered, ...fitted("v1")).when(fit()).thenNothing();
});

Deno.test("the same data with another threshold, or on one side, is a new model", () => {
  const past = [registered, ...fitted("v1")];
  given(sensor, ...past).when(fit({ threshold: 2 })).then(...fitted("v2", { threshold: 2 }));
  given(sensor, ...past).when(fit({ sided: "upper" })).then(...fitted("v2", { sided: "upper" }));
});

Deno.test("only a sensor is a series", () => {
  given(atm).when(fit()).thenRejected("not-a-series");
});

Deno.test("a series numbers on for ever, and its actor's memory stays bounded", () => {
  const alive = bring(sensor);
  for (let threshold = 1; threshold <= 3 * RECENT_FITS; threshold++) alive.hear(fit({ threshold }));
  alive.hear(message("reading", { value: 1 }, NOON));
  assert.equal(alive.state.fits?.count, 3 * RECENT_FITS);
  assert.equal(alive.state.fits?.recent.length, RECENT_FITS);
});
