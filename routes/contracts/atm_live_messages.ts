/** What the ATM monitoring's WebSockets say of each event, and of most nothing. */
import type { RecordedEvent } from "../../events/event.ts";
import { formatInstant, parseInstant } from "../../events/instant.ts";
import { deviceOf } from "../../events/vocabulary.ts";
import { atmAlertId } from "../../projections/atm_alerts.ts";
import { type Encoding, webSocket } from "../live/encoding.ts";

/** A message's type and data; undefined where an event is no matter for it. */
type Tell = (event: RecordedEvent) => { type: string; data: unknown } | undefined;

export function statusChanges(now: () => number): Encoding {
  return encodingOf("atm-dashboard", tellStatus, now);
}

export function atmChanges(now: () => number): Encoding {
  return encodingOf("atm-one", (event) => tellReport(event) ?? tellStatus(event), now);
}

export function alertUpdates(now: () => number): Encoding {
  return encodingOf("atm-alerts", tellAlert, now);
}

/** The name tells feeds apart whose watchers are sent the same texts. */
function encodingOf(name: string, tell: Tell, now: () => number): Encoding {
  return {
    name,
    event(event) {
      const told = tell(event);
      return told && JSON.stringify({ ...told, timestamp: formatInstant(event.recordedAt) });
    },
    join: (texts) => texts.filter((text) => text !== undefined),
    heartbeat: () => [JSON.stringify({ type: "heartbeat", timestamp: formatInstant(now()) })],
    notice: () => [],
    ended: webSocket.ended,
  };
}

function tellStatus({ type, stream, data, occurredAt }: RecordedEvent): ReturnType<Tell> {
  if (type !== "StatusChanged") return undefined;
  return {
    type: "atm_status_change",
    data: {
      atm_id: deviceOf(stream).id,
      old_status: data.from,
      new_status: data.to,
      timestamp: formatInstant(occurredAt),
    },
  };
}

function tellReport({ type, stream, data }: RecordedEvent): ReturnType<Tell> {
  if (type !== "TelemetryReported") return undefined;
  return { type: "telemetry_update", data: { ...data, atm_id: deviceOf(stream).id } };
}

function tellAlert({ type, stream, data, occurredAt }: RecordedEvent): ReturnType<Tell> {
  const atmId = deviceOf(stream).id;
  const reason = String(data.reason);
  const began = parseInstant(String(data.alert ?? data.raisedAt)) ?? occurredAt;
  const alert = {
    id: atmAlertId({ atmId, reason, triggeredAt: began }),
    atm_id: atmId,
    alert_type: reason,
    timestamp: formatInstant(occurredAt),
  };
  const told = (action: string, more: object) => ({
    type: "alert_update",
    data: { action, ...alert, ...more },
  });
  switch (type) {
    case "AlarmRaised": {
      const { severity, message } = data;
      return data.alert === undefined
        ? told("triggered", { status: "active", severity, message })
        : told("raised_again", { severity, message });
    }
    case "AlarmAcknowledged":
      return told("acknowledged", { status: "acknowledged", by: data.by });
    case "AlarmCleared":
      return told("resolved", { status: "resolved", by: data.by ?? null });
  }
  return undefined;
}
