/** The story of what just changed. */
import { byId, deviceLink, make, pill } from "./elements.js";
import { ago, duration, left, moment, toneOf } from "./format.js";
import { chance, OUTCOMES, WHY } from "./predictions.js";

const HAPPENING_MAX = 30;

const STORIES = {
  DeviceRegistered: () => ["new device", "dim"],
  DeviceDecommissioned: () => ["decommissioned", "dim"],
  StatusChanged: ({ from, to }) => [`${from ?? "first"} → ${to}`, toneOf(to)],
  DeviceFellSilent: ({ timeoutSeconds }) => [
    `silent for ${duration(1000 * timeoutSeconds)}`,
    "warn",
  ],
  DeviceReturned: ({ silentSeconds }) => [`back after ${duration(1000 * silentSeconds)}`, "good"],
  AlarmRaised: ({ reason }) => [`alarm: ${reason}`, "bad"],
  AlarmAcknowledged: ({ reason, by }) => [`${reason} acknowledged by ${by}`, "dim"],
  AnomalyDetected: ({ severity }) => [`anomaly: ${severity}`, toneOf(severity)],
  AnomalyWorsened: ({ severity }) => [`anomaly now ${severity}`, toneOf(severity)],
  AnomalyEnded: () => ["anomaly over", "good"],
  AnomalyResolved: ({ by }) => [`anomaly resolved by ${by}`, "dim"],
  AlarmCleared: ({ reason }) => [`cleared: ${reason}`, "good"],
  FailurePredicted: ({ probability, part }) => [
    `failure foretold${part ? ` of ${part}` : ""}: ${chance(probability)}`,
    "bad",
  ],
  FailureRiskCleared: ({ why }) => [`foretold failure withdrawn: ${WHY[why] ?? why}`, "dim"],
  MaintenanceScheduled: ({ action }) => [`planned: ${action}`, "dim"],
  MaintenanceDone: () => ["maintenance done", "good"],
  MaintenanceCancelled: () => ["maintenance cancelled", "dim"],
  FailureObserved: ({ code, part }) => [`failed${part ? ` (${part})` : ""}: ${code}`, "bad"],
  PredictionScored: ({ outcome }) => OUTCOMES[outcome] ?? [outcome, "dim"],
};

/** Puts a recorded event on top of the story, where it is one worth telling. */
export function tell({ type, kind, id, data, occurred_at: at }) {
  if (!Object.hasOwn(STORIES, type)) return;
  const [text, tone] = STORIES[type](data);
  const list = byId("happening");
  list.querySelector(".empty")?.remove();
  list.prepend(
    make(
      "li",
      { class: "fresh" },
      make("span", {}, deviceLink(kind, id), " ", pill(text, tone)),
      make("time", { class: "when", title: moment(at), "data-since": at }, ago(at)),
    ),
  );
  while (list.children.length > HAPPENING_MAX) list.lastElementChild.remove();
}

/** Moments grow older while nothing else changes. */
export function age() {
  for (const element of document.querySelectorAll("[data-since]")) {
    element.textContent = ago(element.dataset.since);
  }
  for (const element of document.querySelectorAll("[data-until]")) {
    element.textContent = left(element.dataset.until);
  }
}
