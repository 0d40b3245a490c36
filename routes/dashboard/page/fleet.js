/** The fleet: how many of each kind in which status, and the list one searches. */
import { get } from "./api.js";
import { byId, deviceLink, make, pill, withWidth } from "./elements.js";
import { ago, count, moment, toneOf } from "./format.js";

const KINDS = { atm: "ATMs", machine: "Machines", store: "Stores", sensor: "Sensors" };
const PAGE_SIZE = 50;
const TYPING_PAUSE_MS = 200;

const filter = byId("filter");
let shown = PAGE_SIZE;
/** Answers may overtake each other; only the newest question's is shown. */
let question = 0;

export async function refreshKpis() {
  const kpis = await get("/fleet/kpis");
  byId("kpis").replaceChildren(
    ...Object.entries(KINDS).map(([kind, title]) => card(title, statusCounts(kpis, kind))),
  );
  offerStatuses(kpis);
}

function statusCounts(kpis, kind) {
  return Object.entries(kpis.by_status?.[kind] ?? {}).sort((a, b) => b[1] - a[1]);
}

function card(title, statuses) {
  const total = statuses.reduce((sum, [, devices]) => sum + devices, 0);
  return make(
    "div",
    { class: "panel card" },
    make("h3", {}, title),
    make("p", { class: "total" }, count(total)),
    make(
      "div",
      { class: "bar", "aria-hidden": "true" },
      statuses.map(([status, devices]) =>
        withWidth(make("span", { "data-tone": toneOf(status) }), devices / total)
      ),
    ),
    make(
      "ul",
      { class: "legend" },
      statuses.length === 0 ? make("li", { class: "aside" }, "none yet") : statuses.map((
        [status, devices],
      ) =>
        make(
          "li",
          {},
          make("span", { class: "dot", "data-tone": toneOf(status), "aria-hidden": "true" }),
          `${count(devices)} ${status}`,
        )
      ),
    ),
  );
}

/** Only statuses that occur, for the chosen kind. */
function offerStatuses(kpis) {
  const { kind, status } = filter.elements;
  const kinds = kind.value === "" ? Object.keys(KINDS) : [kind.value];
  const names = new Set(kinds.flatMap((each) => statusCounts(kpis, each).map(([name]) => name)));
  if (status.value !== "") names.add(status.value);
  const wanted = ["", ...[...names].filter((name) => name !== "").sort()];
  if (wanted.join() === [...status.options].map(({ value }) => value).join()) return;
  const chosen = status.value;
  status.replaceChildren(
    ...wanted.map((name) => make("option", { value: name }, name || "Any status")),
  );
  status.value = chosen;
}

export async function refreshDevices() {
  const asked = ++question;
  const { q, kind, status } = Object.fromEntries(new FormData(filter));
  const { devices, next } = await get("/devices", { q: q.trim(), kind, status, limit: shown });
  if (asked !== question) return;
  const table = byId("devices");
  const focused = table.contains(document.activeElement) ? document.activeElement.hash : undefined;
  table.replaceChildren(...devices.map(row));
  if (focused) table.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();

  const empty = byId("devices-empty");
  empty.hidden = devices.length > 0;
  empty.textContent = q || kind || status
    ? "No device matches."
    : "No device has spoken yet. Publish to devices.<kind>.<id>.<message>, or start with --demo.";
  byId("more").hidden = !next;
}

function row(device) {
  const { kind, id, name, region, status, silent, last_at: lastAt, open_alarms: alarms } = device;
  return make(
    "tr",
    {},
    make("td", {}, deviceLink(kind, id), make("span", { class: "name" }, name ?? kind)),
    make("td", {}, pills({ status, silent, alarms })),
    make("td", { class: "wide-only" }, region ?? ""),
    make("td", { class: "number", title: moment(lastAt) }, ago(lastAt)),
  );
}

export function pills({ status, silent, alarms }) {
  return [
    pill(status ?? "unknown", toneOf(status)),
    silent ? pill("silent", "warn") : undefined,
    alarms > 0 ? pill(`${alarms} alarm${alarms > 1 ? "s" : ""}`, "bad") : undefined,
  ];
}

/** `onProblem` hears what could not be shown. */
export function startFilter(onProblem) {
  let pause;
  function ask() {
    refreshDevices().catch(onProblem);
  }
  filter.addEventListener("input", () => {
    shown = PAGE_SIZE;
    clearTimeout(pause);
    pause = setTimeout(ask, TYPING_PAUSE_MS);
  });
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  byId("more").addEventListener("click", () => {
    shown += PAGE_SIZE;
    ask();
  });
}
