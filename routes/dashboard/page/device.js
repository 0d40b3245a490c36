/** One device: how it is, how it has been over a day, what it measures and what it said. */
import { alarmPanel } from "./alarms.js";
import { anomalyPanels } from "./anomalies.js";
import { devicePath, get } from "./api.js";
import { bearingPanels } from "./bearings.js";
import { byId, make, panel, withWidth } from "./elements.js";
import { riskPanel } from "./device_risk.js";
import {
  ago,
  count,
  duration,
  moment,
  number,
  percent,
  timeOfDay,
  toneOf,
  words,
} from "./format.js";
import { pills } from "./fleet.js";
import { trendPanel } from "./trend.js";

const DAY_MS = 86_400_000;
const EVENTS_SHOWN = 20;

/**
 * Fills the device's page, `part` of it before others; returns how to bring it up to date, and how
 * to leave it. `reopen` is called when the device tells of what it had not when it was opened.
 */
export async function openDevice(kind, id, part, { onProblem, reopen }) {
  const view = byId("device-view");
  view.replaceChildren(make("p", { class: "empty" }, "Loading …"));
  const path = devicePath(kind, id);
  const [first, { metrics }, bearings] = await Promise.all([
    get(path),
    get(`${path}/metrics`),
    kind === "machine" ? get("/api/bearings", { machine_id: id }) : [],
  ]);
  const machine = bearings.length > 0
    ? bearingPanels(id, { metrics, chosen: part }, onProblem)
    : undefined;
  const trend = machine ? undefined : trendPanel(kind, id, metrics, onProblem);
  const sensor = kind === "sensor" ? anomalyPanels(id, onProblem) : undefined;
  const alarms = alarmPanel(kind, id, onProblem);
  const risk = kind === "atm" || kind === "machine" ? riskPanel(kind, id) : undefined;
  const head = make("header", { class: "device-head" });
  const availability = make("div", {});
  const facts = make("dl", { class: "facts" });
  const events = make("ol", { class: "list" });

  view.replaceChildren(
    kind === "machine"
      ? make("a", { href: "#/machines" }, "← Machines")
      : make("a", { href: "#/" }, "← Fleet"),
    head,
    make(
      "div",
      { class: "grid" },
      alarms.element,
      machine?.elements,
      risk?.element,
      panel("Last 24 hours", availability),
      sensor?.readings,
      sensor?.anomalies,
      trend?.element,
      make(
        "div",
        { class: "columns" },
        panel(
          "Latest events",
          events,
          make("p", {}, make("a", { href: `/api/v1${path}/events` }, "all of them")),
        ),
        make("div", { class: "stack" }, panel("Newest report", facts)),
      ),
    ),
  );

  function show(device) {
    showHead(head, device);
    showFacts(facts, device);
  }

  async function refresh() {
    const to = new Date();
    const from = new Date(to.getTime() - DAY_MS);
    const window = { from: from.toISOString(), to: to.toISOString() };
    const [device, day, story] = await Promise.all([
      get(path),
      get(`${path}/availability`, window),
      get(`${path}/events`, { order: "desc", limit: EVENTS_SHOWN }),
      alarms.refresh(),
      trend?.refresh(),
      sensor?.refresh(),
      machine?.refresh(),
      risk?.refresh(),
    ]);
    show(device);
    showAvailability(availability, day);
    events.replaceChildren(...story.events.map(eventItem));
    if (await isOutgrown()) await reopen();
  }

  /** Who has just begun to speak is looked at before all that it measures is known. */
  async function isOutgrown() {
    if (machine ? !machine.lacksTrend() : metrics.length > 0) return false;
    return (await get(`${path}/metrics`)).metrics.length > metrics.length;
  }

  show(first);
  await refresh();
  function close() {
    trend?.close();
    sensor?.close();
    machine?.close();
    risk?.close();
  }

  return { refresh, close };
}

function showHead(head, device) {
  const { kind, id, name, region, location, status, silent, open_alarms: alarms } = device;
  const place = [...new Set([name, location, region])].filter(Boolean).join(" · ");
  head.replaceChildren(
    make("h1", {}, id),
    make("span", {}, pills({ status, silent, alarms })),
    make(
      "p",
      { class: "aside" },
      [kind, place, `last report ${ago(device.last_at)}`, `${count(device.reports)} reports`]
        .filter(Boolean).join(" · "),
    ),
  );
  document.title = `${id} – Telltale`;
}

function showFacts(facts, { latest }) {
  facts.replaceChildren(
    ...tellingFields(latest).map(([name, value]) =>
      make(
        "div",
        {},
        make("dt", {}, words(name)),
        make("dd", {}, shownValue(value)),
      )
    ),
  );
}

function showAvailability(box, day) {
  const { from, to, availability, uptime_seconds: up, downtime_seconds: down } = day;
  const startAt = new Date(from).getTime();
  const spanMs = new Date(to).getTime() - startAt;
  const { unknown_seconds: unknown, closed_seconds: closed } = day;
  const sums = [["up", up], ["down", down], ["unknown", unknown]];
  // Only stores close.
  if (closed > 0) sums.push(["closed", closed]);
  const told = sums.map(([condition, seconds]) => `${condition} ${duration(1000 * seconds)}`);
  box.replaceChildren(
    make(
      "p",
      {},
      make("span", { class: "big" }, percent(availability)),
      availability === null ? " nothing known" : " available while known",
    ),
    make(
      "div",
      {
        class: "timeline",
        role: "img",
        "aria-label": told.join(", "),
      },
      day.intervals.map((interval) => timelinePart(interval, spanMs)),
    ),
    make(
      "p",
      { class: "axis", "aria-hidden": "true" },
      ...[0, 0.25, 0.5, 0.75, 1].map((share) =>
        make("span", {}, timeOfDay(startAt + share * spanMs))
      ),
    ),
    make(
      "ul",
      { class: "legend" },
      sums.map(([condition], i) =>
        make(
          "li",
          {},
          make("span", { class: "dot", "data-tone": toneOf(condition), "aria-hidden": "true" }),
          told[i],
        )
      ),
    ),
  );
}

function timelinePart({ from, to, status, condition }, spanMs) {
  const ms = new Date(to).getTime() - new Date(from).getTime();
  return withWidth(
    make("span", {
      "data-tone": toneOf(condition),
      title: `${status ?? condition}, ${moment(from)}, ${duration(ms)}`,
    }),
    ms / spanMs,
  );
}

function eventItem({ partition, offset, type, occurred_at: at, data }) {
  return make(
    "li",
    {},
    make("span", {}, type),
    make("time", { class: "when", title: moment(at), "data-since": at }, ago(at)),
    make("span", { class: "what" }, `${partition}:${offset} · ${summary(data)}`),
  );
}

const SUMMARY_LENGTH = 160;

function summary(data) {
  const text = tellingFields(data).map(([name, value]) => `${words(name)} ${shownValue(value)}`)
    .join(", ");
  return text.length > SUMMARY_LENGTH ? `${text.slice(0, SUMMARY_LENGTH)} …` : text;
}

function shownValue(value) {
  return typeof value === "number" ? number(value) : String(value);
}

/** A report without its moment and its own name, which stand beside it; parts within by path. */
function tellingFields(data) {
  return Object.entries(data ?? {}).flatMap(([name, value]) => {
    if (/timestamp|_id$|Id$|^sha256$/.test(name) || value === null || Array.isArray(value)) {
      return [];
    }
    if (typeof value !== "object") return [[name, value]];
    return tellingFields(value).map(([inner, part]) => [`${name}.${inner}`, part]);
  });
}
