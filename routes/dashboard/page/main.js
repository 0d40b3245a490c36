/** Which view is shown, and when each part is brought up to date. */
import { refreshAlarms } from "./alarms.js";
import { get } from "./api.js";
import { openDevice } from "./device.js";
import { byId, make } from "./elements.js";
import { count } from "./format.js";
import { refreshDevices, refreshKpis, startFilter } from "./fleet.js";
import { refreshForetold } from "./foretold.js";
import { age, tell } from "./happening.js";
import { listen } from "./live.js";
import { openMachines } from "./machines.js";
import { openMaintenance } from "./maintenance.js";
import { openModels } from "./models.js";
import { openReports } from "./reports.js";
import { openRisk } from "./risk.js";
import { openScoreboard } from "./scoreboard.js";

/**
 * Changes are gathered for a moment: a hundred events ask the server once. And for some times as
 * long as the last answers took: what is large is not asked for as often as what is small.
 */
const GATHER_MS = 400;
const GATHER_TIMES = 10;
/** What no event announces (counts, lag, the age of a report) is asked for this often. */
const REFRESH_MS = 5000;

const CONNECTION = {
  connecting: ["Connecting", "warn"],
  live: ["Live", "good"],
  lost: ["Reconnecting", "bad"],
};

/**
 * What can be shown beside the fleet and one device, by the first word of its address. Each fills
 * its place on the page, `<name>-view`, and returns how to bring it up to date and how to leave it.
 */
const VIEWS = {
  machines: openMachines,
  risk: openRisk,
  maintenance: openMaintenance,
  scoreboard: openScoreboard,
  models: openModels,
  reports: openReports,
};

/** What is shown in place of the fleet: a device, or one of the views. */
let opened;
/** Each change of view is a new one; what belongs to an older one is not shown any more. */
let visit = 0;
let gathering = false;

function showProblem(error) {
  const box = byId("problem");
  box.textContent = error.name === "TypeError" || error.name === "TimeoutError"
    ? "The server does not answer. What you see may be old; trying again."
    : error.message;
  box.hidden = false;
}

let refreshing;
let tookMs = 0;

/** One at a time: a slow server is not asked faster than it answers. */
function refresh() {
  refreshing ??= refreshView().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function refreshView() {
  const startedAt = performance.now();
  try {
    await Promise.all([
      refreshStats(),
      ...(opened
        ? [opened.refresh()]
        : [refreshKpis(), refreshAlarms(showProblem), refreshForetold(), refreshDevices()]),
    ]);
    byId("problem").hidden = true;
  } catch (error) {
    showProblem(error);
  }
  tookMs = performance.now() - startedAt;
}

async function refreshStats() {
  const { events, quarantined, partitions, projections } = await get("/stats");
  const behind = (lags) => lags.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
  const shown = [
    ["events", count(events)],
    ["quarantined", quarantined > 0 ? quarantineLink(quarantined) : "0"],
    ["lag", count(behind(partitions) + behind(projections))],
  ];
  byId("stats").replaceChildren(
    ...shown.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}

function quarantineLink(quarantined) {
  return make("a", { href: "/api/v1/quarantine" }, count(quarantined));
}

function refreshSoon() {
  if (gathering) return;
  gathering = true;
  setTimeout(() => {
    gathering = false;
    if (!document.hidden) refresh();
  }, Math.max(GATHER_MS, GATHER_TIMES * tookMs));
}

async function route() {
  const current = ++visit;
  opened?.close();
  opened = undefined;
  const [name, id, part] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
  const view = Object.hasOwn(VIEWS, name) ? name : name && id ? "device" : "fleet";
  for (const each of ["fleet", "device", ...Object.keys(VIEWS)]) {
    byId(`${each}-view`).hidden = each !== view;
  }
  markView(view, name);
  document.title = "Telltale";
  scrollTo(0, 0);
  if (view === "device") return await showDevice(name, id, part, current);
  // One under way may still be asking for the view that was left.
  await refreshing;
  if (current !== visit) return;
  if (view !== "fleet") {
    const place = byId(`${view}-view`);
    opened = VIEWS[view](place, showProblem, id);
    document.title = `${place.querySelector("h1")?.textContent ?? view} – Telltale`;
    // Who came by keyboard reads on where the view begins.
    if (visit > 1) byId("content").focus({ preventScroll: true });
  }
  return refresh();
}

/** A machine is among the machines. */
function markView(view, kind) {
  const name = view === "device" && kind === "machine" ? "machines" : view;
  const address = Object.hasOwn(VIEWS, name) ? `#/${name}` : "#/";
  for (const link of byId("views").querySelectorAll("a")) {
    const isShown = link.hash === address;
    if (isShown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function showDevice(kind, id, part, current) {
  try {
    const device = await openDevice(kind, id, part, { onProblem: showProblem, reopen: route });
    if (current !== visit) return device.close();
    opened = device;
    byId("problem").hidden = true;
    byId("content").focus({ preventScroll: true });
  } catch (error) {
    if (current !== visit) return;
    byId("device-view").replaceChildren(make("a", { href: "#/" }, "← Fleet"));
    showProblem(error.status === 404 ? new Error(`No ${kind} "${id}" has spoken yet.`) : error);
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

startFilter(showProblem);
addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
setInterval(age, 1000);
setInterval(() => document.hidden || refresh(), REFRESH_MS);
listen({
  topics: [
    "alarms",
    "anomalies",
    "predictions",
    "maintenance",
    "status",
    "devices",
    "reports",
  ],
  onReport: refreshSoon,
  onEvent(event) {
    tell(event);
    refreshSoon();
  },
  onState(state) {
    const [text, tone] = CONNECTION[state];
    const badge = byId("connection");
    if (badge.textContent === text) return;
    badge.textContent = text;
    badge.dataset.tone = tone;
    if (state === "live") refresh();
  },
});
route();
