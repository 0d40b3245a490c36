/** Alarms that are open now, and the story of what just changed. */
import { get } from "./api.js";
import { byId, deviceLink, make, pill } from "./elements.js";
import { ago, count, duration, moment, toneOf } from "./format.js";
import { chance, OUTCOMES, WHY } from "./predictions.js";

const OPEN_MAX = 50;
const CLEARED_MAX = 5;
const HAPPENING_MAX = 30;

/** What is shown, so that only a change touches the list: a screen reader reads out what is new. */
let shown;

export async function refreshAlarms() {
  const [open, cleared] = await Promise.all([
    get("/alarms", { state: "open", limit: OPEN_MAX }),
    get("/alarms", { state: "cleared", limit: CLEARED_MAX }),
  ]);
  byId("alarms-count").textContent = open.alarms.length === 0
    ? "none open"
    : `${count(open.alarms.length)}${open.next ? "+" : ""} open`;
  const alarms = [...open.alarms, ...cleared.alarms];
  const keys = alarms.map(keyOf);
  if (shown?.join() === keys.join()) return;
  byId("alarms").replaceChildren(
    ...(alarms.length === 0
      ? [make("li", { class: "empty" }, "No alarm yet.")]
      : alarms.map((alarm) => item(alarm, shown && !shown.includes(keyOf(alarm))))),
  );
  shown = keys;
}

function keyOf({ kind, id, reason, severity, raised_at: raisedAt, cleared_at: clearedAt }) {
  return [kind, id, reason, severity, raisedAt, clearedAt].join("/");
}

function item(alarm, fresh) {
  const { kind, id, reason, severity, message, raised_at: raisedAt, cleared_at: clearedAt } = alarm;
  const since = clearedAt ?? raisedAt;
  const badge = clearedAt ? pill("cleared", "dim") : pill(severity, toneOf(severity));
  const lasted = clearedAt ? new Date(clearedAt).getTime() - new Date(raisedAt).getTime() : 0;
  return make(
    "li",
    { class: fresh ? "fresh" : undefined },
    make("span", {}, badge, " ", deviceLink(kind, id)),
    make("time", { class: "when", title: moment(since), "data-since": since }, ago(since)),
    make(
      "span",
      { class: "what" },
      `${message || reason}${clearedAt ? `, for ${duration(lasted)}` : ""}`,
    ),
  );
}

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
}
