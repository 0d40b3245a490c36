/** The plant's machines by ISO zone, the worst first: where to look today. */
import { get } from "./api.js";
import { deviceLink, make, pill, zonePill } from "./elements.js";
import { count, duration, shortMoment, zoneOf, zoneRank, ZONES } from "./format.js";
import { chance, partLink, partName } from "./predictions.js";

const SHOWN_MAX = 200;
const WORSE_MAX = 1_000;
const TYPING_PAUSE_MS = 200;
const HOUR_MS = 3_600_000;

/** Fills the view; returns how to bring it up to date, and how to leave it. */
export function openMachines(view) {
  const cards = make("div", { class: "cards" });
  const table = make("table", {});
  const empty = make("p", { class: "empty", hidden: true });
  const search = make("input", {
    type: "search",
    placeholder: "Search name, id, customer, area",
    maxlength: 100,
    autocomplete: "off",
    "aria-label": "Search by name, id, customer or area",
  });
  const zone = make(
    "select",
    { "aria-label": "Zone" },
    make("option", { value: "" }, "Every zone"),
    ZONES.toReversed().map(({ status, zone }) =>
      make("option", { value: status }, `Zone ${zone}, ${status.toLowerCase()}`)
    ),
  );
  let machines = [];
  let worse = new Map();
  let bearings = new Map();
  let closed = false;

  view.replaceChildren(
    make("h1", {}, "Machines"),
    cards,
    make(
      "section",
      { class: "panel", "aria-labelledby": "machines-title" },
      make(
        "div",
        { class: "panel-head" },
        make("h2", { id: "machines-title" }, "By zone, the worst first"),
        make(
          "div",
          { class: "filter" },
          make("label", { class: "grow" }, search),
          make("label", {}, zone),
        ),
      ),
      make("div", { class: "scroll" }, table),
      empty,
    ),
  );

  async function refresh() {
    const [all, parts, { alarms }, { predictions }] = await Promise.all([
      get("/api/machines"),
      get("/api/bearings"),
      get("/alarms", { kind: "machine", reason: "trend", state: "open", limit: WORSE_MAX }),
      get("/predictions", { kind: "machine", state: "open", limit: WORSE_MAX }),
    ]);
    if (closed) return;
    worse = worseByMachine(alarms, predictions);
    machines = all;
    bearings = Map.groupBy(parts, ({ machineId }) => machineId);
    cards.replaceChildren(
      ...ZONES.toReversed().map((each) =>
        card(
          each,
          machines.filter(({ status }) => status === each.status).length,
          parts.filter(({ status }) => status === each.status).length,
        )
      ),
    );
    show();
  }

  function show() {
    const wanted = search.value.trim().toLowerCase();
    const found = machines
      .filter((machine) => zone.value === "" || machine.status === zone.value)
      .filter((machine) => wanted === "" || textOf(machine).includes(wanted))
      .sort((a, b) => zoneRank(b.status) - zoneRank(a.status) || (a._id < b._id ? -1 : 1));
    const focused = table.contains(document.activeElement)
      ? document.activeElement.hash
      : undefined;
    const groups = Map.groupBy(found.slice(0, SHOWN_MAX), ({ status }) => status);
    table.replaceChildren(
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          ["Machine", "Bearings, and which get worse"].map((name) =>
            make("th", { scope: "col" }, name)
          ),
          make("th", { scope: "col", class: "wide-only" }, "Place"),
        ),
      ),
      ...[...groups].map(([status, members]) => group(status, members, found)),
    );
    if (focused) table.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    table.hidden = found.length === 0;
    empty.hidden = found.length > 0 && found.length <= SHOWN_MAX;
    empty.textContent = found.length > SHOWN_MAX
      ? `The first ${count(SHOWN_MAX)} of ${count(found.length)}; search to see others.`
      : machines.length > 0
      ? "No machine matches."
      : "No machine has spoken yet. Publish to devices.machine.<id>.reading, or import a plant's.";
  }

  function group(status, members, found) {
    const total = found.filter((machine) => machine.status === status).length;
    return make(
      "tbody",
      {},
      make(
        "tr",
        {},
        make(
          "th",
          { scope: "rowgroup", colspan: 3, class: "group" },
          zonePill(status),
          ` ${count(total)} ${total === 1 ? "machine" : "machines"}`,
        ),
      ),
      members.map((machine) =>
        row(machine, bearings.get(machine._id) ?? [], worse.get(machine._id) ?? [])
      ),
    );
  }

  let pause;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(show, TYPING_PAUSE_MS);
  });
  zone.addEventListener("change", show);

  return {
    refresh,
    close() {
      closed = true;
      clearTimeout(pause);
    },
  };
}

function textOf({ _id, machineName, customer, area, subarea }) {
  return [_id, machineName, customer, area, subarea].join(" ").toLowerCase();
}

function card({ zone, status, tone, meaning }, machines, bearings) {
  return make(
    "div",
    { class: "panel card", "data-tone": tone },
    make("h3", {}, `Zone ${zone} · ${status}`),
    make("p", { class: "total" }, count(machines)),
    make(
      "p",
      { class: "aside" },
      `${machines === 1 ? "machine" : "machines"}, ${count(bearings)} ${
        bearings === 1 ? "bearing" : "bearings"
      } · ${meaning}`,
    ),
  );
}

/** Of each machine, its parts that vibrate more than is normal for them, or are foretold to fail. */
function worseByMachine(alarms, predictions) {
  const parts = new Map();
  const partOf = (id, part) => {
    const key = JSON.stringify([id, part]);
    if (!parts.has(key)) parts.set(key, { id, part });
    return parts.get(key);
  };
  for (const { id, reason, raised_at: since } of alarms) {
    partOf(id, reason.replace(/^trend:?/, "")).since = since;
  }
  for (const { device, part, probability, horizon_hours: hours } of predictions) {
    Object.assign(partOf(device, part ?? ""), { probability, hours });
  }
  return Map.groupBy(parts.values(), ({ id }) => id);
}

function worseItem({ id, part, since, probability, hours }) {
  const told = [
    since && `in alarm since ${shortMoment(since)}`,
    probability !== undefined &&
    `${chance(probability)} to fail within ${duration(hours * HOUR_MS)}`,
  ].filter(Boolean).join(", ");
  return make(
    "li",
    {},
    partLink("machine", id, part, part ? partName(id, part) : "the machine"),
    ` ${told}`,
  );
}

function row(machine, bearings, worse) {
  const worstFirst = bearings.toSorted((a, b) => zoneRank(b.status) - zoneRank(a.status));
  return make(
    "tr",
    {},
    make(
      "td",
      {},
      deviceLink("machine", machine._id),
      make("span", { class: "name" }, machine.machineName ?? machine.machineType ?? ""),
    ),
    make(
      "td",
      {},
      worstFirst.length === 0 ? "none known" : make(
        "ul",
        { class: "chips" },
        worstFirst.map((bearing) => make("li", {}, bearingLink(machine._id, bearing))),
      ),
      worse.length > 0 && make("ul", { class: "plain" }, worse.map(worseItem)),
    ),
    make(
      "td",
      { class: "wide-only" },
      [machine.customer, machine.area, machine.subarea].filter(Boolean).join(" · "),
    ),
  );
}

function bearingLink(machineId, { _id, bearingLocation, position, status }) {
  const path = ["machine", machineId, _id].map(encodeURIComponent).join("/");
  return make(
    "a",
    { href: `#/${path}`, title: `${_id}: ${status ?? "not judged yet"}` },
    pill(bearingLocation ?? position ?? _id, zoneOf(status)?.tone),
  );
}
