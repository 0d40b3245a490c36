/** A machine's bearings: how each is now, and one of them closely. */
import { get } from "./api.js";
import { make, zonePill } from "./elements.js";
import { ago, moment, number, zoneRank, ZONES } from "./format.js";
import { faultPill, spectrumPanel } from "./spectrum.js";
import { trendPanel } from "./trend.js";
import { healthFacts, STATE_NAMES, statePill, wearPanel } from "./wear.js";

/** `chosen`: the id of the bearing to begin with; the worst where it is none of them. */
export function bearingPanels(machineId, { metrics, chosen }, onProblem) {
  const cards = make("ul", { class: "bearings" });
  const trendPlace = make("div", {});
  const spectrum = spectrumPanel(onProblem);
  const wear = wearPanel(machineId, onProblem);
  let boundaries = null;
  let shown;
  let trend;
  let readings = new Map();
  let health = new Map();

  function choose(bearing) {
    shown = bearing;
    trend?.close();
    const own = metrics.filter((metric) => metric.startsWith(`${bearing}.`));
    trend = trendPanel("machine", machineId, own, onProblem, {
      part: bearing,
      limitsOf: (metric) => metric.endsWith("velocity.rms") ? zoneLimits(boundaries) : [],
    });
    trendPlace.replaceChildren(trend.element);
  }

  function lacksTrend() {
    return !metrics.some((metric) => metric.startsWith(`${shown}.`));
  }

  async function showChosen() {
    const reading = readings.get(shown);
    // Of a bearing that never reported there is nothing to show but that it is there.
    spectrum.element.hidden = wear.element.hidden = reading === undefined;
    const [analysis] = await Promise.all([
      reading && spectrum.show(machineId, shown, reading._id),
      health.has(shown) ? wear.show(shown) : undefined,
    ]);
    boundaries = analysis?.zone_boundaries ?? null;
    await trend.refresh();
  }

  async function refresh() {
    const [now, newest, assessed] = await Promise.all([
      get("/api/bearings", { machine_id: machineId }),
      get(`/api/machines/${encodeURIComponent(machineId)}/latest-readings`),
      get(`/machines/${encodeURIComponent(machineId)}/health`),
    ]);
    health = new Map(assessed.bearings.map((each) => [each.bearing, each]));
    readings = new Map(newest.map((reading) => [reading.bearingId, reading]));
    if (shown === undefined) {
      choose(now.some(({ _id }) => _id === chosen) ? chosen : worstOf(now, health)._id);
    }
    showCards(now);
    await showChosen();
  }

  function showCards(now) {
    const focused = cards.contains(document.activeElement)
      ? document.activeElement.dataset.bearing
      : undefined;
    cards.replaceChildren(
      ...now.map((bearing) => make("li", {}, card(bearing))),
    );
    if (focused) cards.querySelector(`[data-bearing="${CSS.escape(focused)}"]`)?.focus();
  }

  function card(bearing) {
    const reading = readings.get(bearing._id);
    const assessed = health.get(bearing._id);
    const button = make(
      "button",
      {
        type: "button",
        class: "bearing panel",
        "aria-pressed": String(bearing._id === shown),
        "data-bearing": bearing._id,
      },
      make(
        "span",
        { class: "bearing-head" },
        make("strong", {}, nameOf(bearing)),
        zonePill(bearing.status),
      ),
      make(
        "span",
        { class: "name" },
        [nameOf(bearing) === bearing._id ? undefined : bearing._id, bearing.bearingType]
          .filter(Boolean).join(" · "),
      ),
      reading === undefined ? make("span", {}, "no reading yet") : measures(reading, assessed),
      make(
        "span",
        { class: "tags" },
        assessed && statePill(assessed),
        faultPill(assessed?.fault ?? reading?.fault),
      ),
    );
    button.addEventListener("click", () => {
      choose(bearing._id);
      const path = ["machine", machineId, bearing._id].map(encodeURIComponent).join("/");
      // The address says what is shown, so that it can be sent to somebody.
      history.replaceState(null, "", `#/${path}`);
      refresh().catch(onProblem);
    });
    return button;
  }

  return {
    elements: [
      make(
        "section",
        { "aria-labelledby": "bearings-title" },
        make("h2", { id: "bearings-title", class: "unseen" }, "Bearings"),
        cards,
      ),
      make("div", { class: "halves" }, trendPlace, wear.element),
      spectrum.element,
    ],
    refresh,
    lacksTrend,
    close() {
      trend?.close();
      spectrum.close();
      wear.close();
    },
  };
}

function nameOf({ _id, bearingLocation, position }) {
  return bearingLocation ?? position ?? _id;
}

/** The most worn; of those alike, the one in the worst zone. */
function worstOf(bearings, health) {
  const wornness = ({ _id }) => -STATE_NAMES.indexOf(health.get(_id)?.state ?? "learning");
  const [worst] = bearings.toSorted((a, b) =>
    wornness(b) - wornness(a) || zoneRank(b.status) - zoneRank(a.status)
  );
  return worst;
}

function zoneLimits(boundaries) {
  return (boundaries ?? []).map((value, i) => {
    const { zone, tone } = ZONES[i + 1];
    return { value, label: `zone ${zone} begins`, tone };
  });
}

function measures({ velocity, acceleration, temperature, timestamp }, assessed) {
  const shown = [
    ["Velocity RMS", velocity?.rms, "mm/s"],
    ["Acceleration RMS", acceleration?.rms, "g"],
    ["Crest factor", acceleration?.crestFactor, ""],
    ["Kurtosis", acceleration?.kurtosis, ""],
    ["Temperature", temperature, "°C"],
  ].filter(([, value]) => typeof value === "number")
    .map(([name, value, unit]) => [name, `${number(value)} ${unit}`]);
  if (assessed) shown.push(...healthFacts(assessed));
  return make(
    "span",
    { class: "measures" },
    shown.map(([name, value]) =>
      make(
        "span",
        {},
        make("span", { class: "label" }, name),
        make("span", { class: "value" }, value),
      )
    ),
    make(
      "span",
      {},
      make("span", { class: "label" }, "Newest reading"),
      make("time", { class: "value", title: moment(timestamp), "data-since": timestamp }, [
        ago(timestamp),
      ]),
    ),
  );
}
