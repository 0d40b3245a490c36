import assert from "node:assert/strict";
import { sensor } from "../../actors/sensor.ts";
import { silenceTimeoutMs, TIMEOUT_DEFAULT_MS, TIMEOUT_MIN_MS } from "../../actors/silence.ts";
import { type Alive, bring, command, HOUR, iso, message, MINUTE } from "./saying.ts";
import { NOON, SECOND, tick } from "./saying.ts";
import type { DeviceState } from "../../actors/mod.ts";

function reading(at: number, now = at) {
  return message("reading", { value: 1, timestamp: iso(at) }, at, { now });
}

/** A sensor that reported every half minute until noon. */
function steady(): Alive<DeviceState> {
  const actor = bring(sensor);
  for (let i = 20; i >= 0; i--) actor.hear(reading(NOON - i * 30 * SECOND));
  return actor;
}

Deno.test("a sensor is silent after three of its usual intervals, not before", () => {
  const actor = steady();
  assert.equal(sensor.nextDeadline(actor.state), NOON + 90 * SECOND);
  assert.deepEqual(actor.hear(tick(NOON + 90 * SECOND - 1)), []);
  assert.deepEqual(actor.hear(tick(NOON + 90 * SECOND)), [
    {
      type: "DeviceFellSilent",
      data: { since: iso(NOON), timeoutSeconds: 90 },
      occurredAt: NOON + 90 * SECOND,
    },
    {
      type: "AlarmRaised",
      data: {
        reason: "silent",
        severity: "medium",
        message: `No message since ${iso(NOON)}; one was due within 90 s`,
      },
      occurredAt: NOON + 90 * SECOND,
    },
  ]);
});

Deno.test("silence is noticed once, and ends with the next message, however old that is", () => {
  const actor = steady();
  actor.hear(tick(NOON + 2 * MINUTE));
  assert.equal(sensor.nextDeadline(actor.state), Infinity);
  assert.deepEqual(actor.hear(tick(NOON + HOUR)), []);

  const now = NOON + 2 * HOUR;
  const events = actor.hear(reading(NOON - HOUR, now)).slice(1);
  assert.deepEqual(events, [
    {
      type: "DeviceReturned",
      data: { silentSince: iso(NOON), silentSeconds: 7200 },
      occurredAt: now,
    },
    {
      type: "AlarmCleared",
      data: { reason: "silent", raisedAt: iso(NOON + 2 * MINUTE) },
      occurredAt: now,
    },
  ]);
  assert.equal(sensor.nextDeadline(actor.state), now + 90 * SECOND);
});

Deno.test("while we were deaf, nobody was silent", () => {
  const actor = steady();
  const listeningSince = NOON + HOUR;
  assert.deepEqual(actor.hear(tick(listeningSince + 89 * SECOND, listeningSince)), []);
  assert.equal(actor.hear(tick(listeningSince + 90 * SECOND, listeningSince)).length, 2);
});

Deno.test("a thousand imported readings teach their own interval, not that of the import", () => {
  const actor = bring(sensor);
  for (let i = 0; i < 1_000; i++) actor.hear(reading(NOON - (1_000 - i) * HOUR, NOON + i));
  assert.equal(silenceTimeoutMs(actor.state), 3 * HOUR);
});

Deno.test("what is usual for a device that reports in bursts is the pause between them", () => {
  const actor = bring(sensor);
  for (let burst = 0; burst < 48; burst++) {
    for (let i = 0; i < 8; i++) {
      const at = NOON + burst * HOUR + i * SECOND;
      if (burst > 4) assert.ok(sensor.nextDeadline(actor.state) > at, `silent at burst ${burst}`);
      actor.hear(reading(at));
    }
  }
});

Deno.test("an outage is forgotten within some hundred reports", () => {
  const actor = steady();
  const back = NOON + 8 * HOUR;
  for (let i = 0; i < 240; i++) actor.hear(reading(back + i * 30 * SECOND));
  assert.ok(silenceTimeoutMs(actor.state) < 5 * MINUTE);
});

Deno.test("the timeout has bounds, and a default until the interval is known", () => {
  const actor = bring(sensor);
  actor.hear(reading(NOON));
  assert.equal(silenceTimeoutMs(actor.state), TIMEOUT_DEFAULT_MS);
  for (let i = 1; i < 10; i++) actor.hear(reading(NOON + i * 100));
  assert.equal(silenceTimeoutMs(actor.state), TIMEOUT_MIN_MS);
});

Deno.test("a configured timeout holds until it is taken back", () => {
  const actor = steady();
  actor.hear(command("ConfigureSilence", { timeoutSeconds: 600 }, NOON));
  assert.equal(sensor.nextDeadline(actor.state), NOON + 600 * SECOND);
  assert.deepEqual(actor.hear(command("ConfigureSilence", { timeoutSeconds: 600 }, NOON)), []);
  actor.hear(command("ConfigureSilence", { timeoutSeconds: null }, NOON));
  assert.equal(sensor.nextDeadline(actor.state), NOON + 90 * SECOND);
});

Deno.test("a decommissioned device is never silent; back in service it has its time again", () => {
  const actor = steady();
  actor.hear(command("DecommissionDevice", { by: "anna" }, NOON));
  assert.equal(sensor.nextDeadline(actor.state), Infinity);
  assert.deepEqual(actor.hear(tick(NOON + HOUR)), []);
  actor.hear(command("RecommissionDevice", { by: "anna" }, NOON + 2 * HOUR));
  assert.deepEqual(actor.hear(tick(NOON + 2 * HOUR + 89 * SECOND)), []);
  assert.equal(actor.hear(tick(NOON + 2 * HOUR + 90 * SECOND)).length, 2);
});

Deno.test("a device that was silent all along alarms again once it is back in service", () => {
  const actor = steady();
  actor.hear(tick(NOON + 2 * MINUTE));
  actor.hear(command("DecommissionDevice", { by: "anna" }, NOON + HOUR));
  actor.hear(command("RecommissionDevice", { by: "anna" }, NOON + 2 * HOUR));
  const events = actor.hear(tick(NOON + 3 * HOUR));
  assert.deepEqual(events.map(({ type }) => type), ["AlarmRaised"]);
  assert.equal(sensor.nextDeadline(actor.state), Infinity);
});
