/**
 * One real sample of every version of every event ever written is kept in `tests/examples/`, as
 * `<Type>.v<version>.json`. Never change one: what it stands for is on somebody's disk.
 */
import assert from "node:assert/strict";
import { noAnomalies } from "../../actors/anomaly.ts";
import { claimsOf } from "../../actors/bearing_claims.ts";
import { inference, type InferenceState } from "../../actors/inference.ts";
import { deciders, type DeviceState } from "../../actors/mod.ts";
import { AtmTelemetry } from "../../events/atm.ts";
import { schemaVersionOf, upcast } from "../../events/catalog.ts";
import type { Event } from "../../events/event.ts";
import { MachineBearing, MachineReading, MachineRegistered } from "../../events/machine.ts";
import { ScheduleMaintenance } from "../../events/maintenance.ts";
import { SensorReading } from "../../events/sensor.ts";
import { Sample } from "../../events/series.ts";
import { pollsOf, StorePoll, StorePolls, StoreSchedule } from "../../events/store.ts";
import type { Kind } from "../../events/vocabulary.ts";
import { unpackSample } from "../../models/training_sample.ts";
import { modelsIn as modelsTrained } from "../../projections/models.ts";
import { modelsIn } from "../../projections/series_models.ts";

const FOLDER = new URL("../examples/", import.meta.url);
const NOON = Date.UTC(2026, 4, 1, 12);

/** A device that has been heard, its alarm of an error open, as a new event finds it. */
function stateAfter(kind: Kind, event: Event, before: Partial<DeviceState> = {}): DeviceState {
  const state = deciders[kind].initial();
  const error = { raisedAt: NOON - 1, severity: "critical", acknowledged: false } as const;
  return deciders[kind].evolve(
    { ...state, lastSeenAt: NOON - 1, alarms: { error }, ...before },
    event,
  );
}

/** Of a machine whose bearing DE was heard once. */
function bearingsHeard(): DeviceState["bearings"] {
  const data = { bearingId: "DE", acceleration: { rms: 1, peak: 4 } };
  const heard = { type: "VibrationReported", data, occurredAt: NOON - 1, recordedAt: NOON - 1 };
  return deciders.machine.evolve(deciders.machine.initial(), heard).bearings;
}

/** What is foretold of an ATM after these, the last of them the event in question. */
function foretoldAfter(event: Event, ...before: Pick<Event, "type" | "data">[]): InferenceState {
  const past = before.map((one) => ({ ...one, occurredAt: NOON - 1, recordedAt: NOON - 1 }));
  return [...past, event].reduce(inference.evolve, inference.initial());
}

const scored = { type: "RiskScored", data: { probability: 0.9, horizonHours: 4, model: "m" } };
const predicted = {
  type: "FailurePredicted",
  data: { ...scored.data, prediction: "atm-ATM-1.1", threshold: 0.5 },
};

/** What each event, in its newest shape, must still mean. */
const MEANINGS: Readonly<Record<string, (event: Event) => void>> = {
  BearingAssessed(event) {
    const { known } = stateAfter("machine", event, { bearings: bearingsHeard() }).bearings ?? {};
    const told = { at: NOON, growth: 3.5, alarm: true, failed: false, learned: true };
    assert.deepEqual(known?.[0]?.told, told);
    assert.equal(claimsOf(event)[0]?.probability, 0.6287);
  },
  PartRenewed(event) {
    const { bearings } = stateAfter("machine", event, { bearings: bearingsHeard() });
    assert.deepEqual(bearings?.known, []);
  },
  DeviceRegistered: (event) => assert.equal(stateAfter("atm", event).known, true),
  DeviceDescribed: (event) => assert.equal(stateAfter("atm", event).registered, true),
  StatusChanged(event) {
    const { status, statusSince } = stateAfter("atm", event);
    assert.deepEqual([status, statusSince], ["offline", NOON]);
  },
  DeviceFellSilent: (event) => assert.equal(stateAfter("atm", event).silentSince, NOON - 1),
  DeviceReturned(event) {
    assert.equal(stateAfter("atm", event, { silentSince: NOON - 1 }).silentSince, null);
  },
  AlarmRaised(event) {
    const error = { raisedAt: NOON, severity: "critical", acknowledged: false };
    assert.deepEqual(stateAfter("atm", event, { alarms: {} }).alarms, { error });
  },
  AlarmCleared: (event) => assert.deepEqual(stateAfter("atm", event).alarms, {}),
  AlarmAcknowledged(event) {
    assert.equal(stateAfter("atm", event).alarms.error?.acknowledged, true);
  },
  SilenceConfigured(event) {
    assert.equal(stateAfter("atm", event).silenceTimeoutSeconds, 600);
  },
  DeviceDecommissioned: (event) => assert.equal(stateAfter("atm", event).decommissioned, true),
  DeviceRecommissioned(event) {
    assert.equal(stateAfter("atm", event, { decommissioned: true }).decommissioned, false);
  },
  CommandRejected(event) {
    assert.equal(event.data.code, "not-decommissioned");
    assert.equal(stateAfter("atm", event, { known: false }).known, false);
  },
  TelemetryReported(event) {
    assert.equal(AtmTelemetry.parse(event.data).error_code, "E002");
    assert.equal(stateAfter("atm", event).rolling.names.length, 7);
  },
  VibrationReported(event) {
    assert.equal(MachineReading.parse(event.data).velocity?.rms, 3.1);
    const { parts, rolling } = stateAfter("machine", event);
    assert.deepEqual(parts, [{ part: "DE\nH-Axis", status: "Alert", at: NOON }]);
    assert.equal(rolling.names.length, 4);
  },
  PollReported(event) {
    assert.equal(StorePoll.parse(event.data).status, "inactive");
    assert.equal(stateAfter("store", event).parts[0]?.status, "inactive");
  },
  PollsReported(event) {
    assert.equal(StorePolls.parse(event.data).polls.length, 2);
    assert.equal(pollsOf(event.data)[0]?.at, Date.UTC(2023, 0, 22, 12, 9, 39, 388) + 0.884);
    assert.equal(stateAfter("store", event).parts[0]?.status, "inactive");
  },
  ReadingReported(event) {
    assert.equal(SensorReading.parse(event.data).value, 21.5);
    assert.deepEqual(stateAfter("sensor", event).rolling.names, ["value"]);
  },
  AnomalyDetected(event) {
    const { current, episodes } = stateAfter("sensor", event).anomalies ?? {};
    assert.deepEqual([current, episodes], [{ episode: 3, severity: "high" }, 3]);
  },
  AnomalyWorsened(event) {
    assert.equal(stateAfter("sensor", event).anomalies?.current?.severity, "critical");
  },
  AnomalyEnded(event) {
    const anomalies = { ...noAnomalies(), current: { episode: 3, severity: "high" as const } };
    assert.equal(stateAfter("sensor", event, { anomalies }).anomalies?.current, null);
  },
  AnomalyResolved(event) {
    assert.deepEqual(stateAfter("sensor", event).anomalies?.resolved, [3]);
  },
  MachineDescribed({ data }) {
    assert.equal(MachineRegistered.parse(data).machineName, "Pump 1");
  },
  BearingDescribed: ({ data }) => assert.equal(MachineBearing.parse(data).geometry?.balls, 9),
  ScheduleSet: ({ data }) => assert.equal(StoreSchedule.parse(data).hours?.length, 1),
  SeriesModelFitted(event) {
    const recent = [`${"a".repeat(64)} 3 both`];
    assert.deepEqual(stateAfter("sensor", event).fits, { count: 1, recent });
    const [model] = modelsIn([{ ...event, stream: "sensor-S-1", version: 4 }]);
    assert.deepEqual([model?.number, model?.mean, model?.to], [2, 10, "9223372036854775807"]);
  },
  ModelTrained(event) {
    const trained = [{ model: "a".repeat(64), kind: "lstm" }];
    assert.deepEqual(stateAfter("sensor", event).models, { trained, inForce: {} });
    assert.equal(modelsTrained([event])[0]?.card.series, "S-1");
  },
  ModelPromoted(event) {
    assert.deepEqual(stateAfter("sensor", event).models?.inForce, { lstm: "a".repeat(64) });
  },
  FailureObserved({ data, occurredAt }) {
    const state = foretoldAfter({ ...scored, occurredAt: NOON - 9e7, recordedAt: NOON - 9e7 });
    const told = { type: "FailureObserved", data, occurredAt };
    const [missed] = inference.decide(state, { type: "DeviceTold", event: told, now: NOON });
    assert.deepEqual([missed?.data.outcome, missed?.data.failureAt], ["miss", data.beganAt]);
  },
  RiskScored(event) {
    const { parts: [risk] } = foretoldAfter(event);
    assert.deepEqual([risk?.part, risk?.probability, risk?.latestAt], ["DE", 0.31, NOON]);
  },
  FailurePredicted(event) {
    const { predictions, parts: [risk] } = foretoldAfter(event, scored);
    assert.equal(predictions, 1);
    assert.deepEqual(risk?.unsettled.map(({ until, clearedAt }) => [until, clearedAt]), [
      [NOON + 4 * 3_600_000, null],
    ]);
  },
  FailureRiskCleared(event) {
    const { parts: [risk] } = foretoldAfter(event, scored, predicted);
    assert.equal(risk?.unsettled[0]?.clearedAt, NOON);
  },
  /** Says what to do; nothing follows from it for the actor. */
  MaintenanceRecommended(event) {
    assert.equal(Date.parse(String(event.data.by)), NOON + 4 * 3_600_000);
    assert.deepEqual(foretoldAfter(event), inference.initial());
  },
  PredictionScored(event) {
    const { parts: [risk] } = foretoldAfter(event, scored, predicted);
    assert.deepEqual(risk?.unsettled, []);
    assert.equal(risk?.failedAt, NOON + 1.5 * 3_600_000);
  },
  MaintenanceScheduled({ data }) {
    assert.equal(ScheduleMaintenance.parse(data).scheduledFor, "2026-05-02T07:00:00.000Z");
  },
  MaintenanceDone(event) {
    const closed = [{ entry: "atm-ATM-0042.1", state: "done" }];
    assert.deepEqual(stateAfter("atm", event).maintenance, closed);
  },
  MaintenanceCancelled(event) {
    const closed = [{ entry: "atm-ATM-0042.2", state: "cancelled" }];
    assert.deepEqual(stateAfter("atm", event).maintenance, closed);
  },
  TrainingSampleKept({ data }) {
    const { timestamps, values } = unpackSample(Sample.parse(data));
    assert.deepEqual([...timestamps], [1609433088n, 9223372036854775807n]);
    assert.deepEqual([...values], [8, 12]);
  },
  BrokerHistoryChanged: ({ data }) => assert.deepEqual([data.epoch, data.sequence], [1, 4]),
  MessagesMissing: ({ data }) => assert.deepEqual([data.fromSequence, data.toSequence], [10, 19]),
};

const samples = [...Deno.readDirSync(FOLDER)].map(({ name }) => {
  const [, type = "", version = ""] = /^([A-Za-z]+)\.v(\d+)\.json$/.exec(name) ?? [];
  return { name, type, version: Number(version) };
});

for (const { name, type, version } of samples.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`the event in ${name} still means what it meant`, () => {
    const meaning = MEANINGS[type];
    assert.ok(meaning, `"${name}" is not named for an event type and version`);
    const data = upcast(type, version, JSON.parse(Deno.readTextFileSync(new URL(name, FOLDER))));
    meaning({ type, data, occurredAt: NOON, recordedAt: NOON });
  });
}

Deno.test("a sample is kept of every version of every event", () => {
  const expected = Object.keys(MEANINGS).flatMap((type) =>
    Array.from({ length: schemaVersionOf(type) }, (_, i) => `${type}.v${i + 1}.json`)
  );
  assert.deepEqual(samples.map(({ name }) => name).sort(), expected.sort());
});
