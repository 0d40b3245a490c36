/** Alarms that are open now, and the story of what just changed. */
import { get } from "./api.js";
import { byId, deviceLink, make, pill } from "./elements.js";
import { ago, count, duration, moment, toneOf } from "./format.js";

const ALARMS_MAX = 50;
const HAPPENING_MAX = 30;

/** What was shown before, so that only a new alarm draws the eye. */
let known;

export async function refreshAlarms() {
  const { alarms, next } = await get("/alarms", { state: "open", limit: ALARMS_MAX });
  const keys = new Set(alarms.map(keyOf));
  byId("alarms").replaceChildren(
    ...(alarms.length === 0
      ? [make("li", { class: "empty" }, "No open alarm.")]
      : alarms.map((alarm) => item(alarm, known !== undefined && !known.has(keyOf(alarm))))),
  );
  byId("alarms-count").textContent = alarms.length === 0
    ? ""
    : `${count(alarms.length)}${next ? "+" : ""} open`;
  known = keys;
}

function keyOf({ kind, id, reason, raised_at: raisedAt }) {
  return `${kind}/${id}/${reason}/${raisedAt}`;
}

function item({ kind, id, reason, severity, message, raised_at: raisedAt }, fresh) {
  return make(
    "li",
    { class: fresh ? "fresh" : undefined },
    make("span", {}, pill(severity, toneOf(severity)), " ", deviceLink(kind, id)),
    make("time", { class: "when", title: moment(raisedAt), "data-since": raisedAt }, ago(raisedAt)),
    make("span", { class: "what" }, message ?? reason),
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
  AlarmCleared: ({ reason }) => [`cleared: ${reason}`, "good"],
};

/** Puts a recorded event on top of the story, where it is one worth telling. */
export function tell({ type, kind, id, data, occurred_at: at }) {
  if (!Object.hasOwn(STORIES, type)) return;
  const [text, tone] = STORIES[type](data);
  const list = byId("happening");
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
