/** How often what was foretold came true, and what that was worth. */
import { get } from "./api.js";
import { choice, make, panel } from "./elements.js";
import { count, duration, number, roughly, shortMoment } from "./format.js";
import { outcomesChart, reliabilityChart } from "./scoreboard_charts.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** More that are undecided, beside those that are, make what is shown too good. */
const EARLY_SHARE = 0.1;

/** How far back one looks, and in which steps. */
const PERIODS = {
  7: ["Last 7 days", "day"],
  30: ["Last 30 days", "day"],
  90: ["Last 90 days", "week"],
  365: ["Last year", "week"],
};

/** Fills the view; returns how to bring it up to date, and how to leave it. */
export function openScoreboard(view, onProblem) {
  const kind = choice("Kind", [
    ["", "ATMs and machines"],
    ["atm", "ATMs"],
    ["machine", "Machines"],
  ]);
  const period = choice("Period", Object.entries(PERIODS).map(([days, [text]]) => [days, text]));
  period.value = "30";
  const model = choice("Model", [["", "Every model"]]);
  const cards = make("div", { class: "cards six" });
  const empty = make("p", { class: "panel empty", hidden: true });
  const early = make("p", { class: "aside", hidden: true });
  const outcomes = make("canvas", { role: "img", "aria-label": "Outcomes over time" });
  const reliability = make("canvas", { role: "img", "aria-label": "Reliability" });
  const reliabilityEmpty = make("p", { class: "empty", hidden: true });
  const table = make("table", {});
  const charts = { outcomes: outcomesChart(outcomes), reliability: reliabilityChart(reliability) };
  const plot = make("div", { class: "chart" }, reliability);
  const found = make(
    "div",
    { class: "grid" },
    cards,
    early,
    make(
      "div",
      { class: "columns" },
      panel("Outcomes over time", make("div", { class: "chart" }, outcomes)),
      panel(
        "Do probabilities mean what they say?",
        plot,
        reliabilityEmpty,
        make("p", { class: "aside" }, "On the line: of what was foretold at 30 %, 30 % failed."),
      ),
    ),
    panel("By model", make("div", { class: "scroll" }, table)),
  );
  let closed = false;

  view.replaceChildren(
    make(
      "div",
      { class: "view-head" },
      make("h1", {}, "Scoreboard"),
      make(
        "div",
        { class: "filter" },
        [kind, period, model].map((each) => make("label", {}, each)),
      ),
    ),
    empty,
    found,
  );

  async function refresh() {
    const [, step] = PERIODS[period.value];
    const to = new Date();
    const from = new Date(to.getTime() - Number(period.value) * DAY_MS);
    const question = [kind.value, period.value, model.value].join();
    const board = await get("/predictions/scoreboard", {
      kind: kind.value,
      model: model.value,
      from: from.toISOString(),
      to: to.toISOString(),
      step,
    });
    if (closed || question !== [kind.value, period.value, model.value].join()) return;
    const { totals } = board;
    const decided = totals.hits + totals.false_alarms + totals.misses + totals.serviced;
    const isEmpty = decided === 0 && model.value === "";
    empty.hidden = !isEmpty;
    if (isEmpty) empty.textContent = await whyEmpty(totals, kind.value);
    found.hidden = isEmpty && !hasCalibration(totals);
    offerModels(board.by_model);
    cards.replaceChildren(...cardsOf(totals, decided));
    early.hidden = totals.undecided <= EARLY_SHARE * decided;
    early.textContent = `${count(totals.undecided)} not decided yet: a failure is known at once, ` +
      "a false alarm only when its time has passed. Until then these figures tell of failures " +
      "more than of false alarms.";
    charts.outcomes.show(board.over_time, step);
    showReliability(totals);
    table.replaceChildren(...modelRows(board.by_model));
  }

  function showReliability(totals) {
    const isKnown = hasCalibration(totals);
    plot.hidden = !isKnown;
    reliabilityEmpty.hidden = isKnown;
    reliabilityEmpty.textContent = "No score's horizon has passed yet.";
    if (isKnown) charts.reliability.show(totals.calibration);
  }

  function offerModels(models) {
    const wanted = ["", ...models.map(({ model: name }) => name).filter(Boolean)];
    if (model.value !== "" && !wanted.includes(model.value)) wanted.push(model.value);
    if (wanted.join() === [...model.options].map(({ value }) => value).join()) return;
    const chosen = model.value;
    model.replaceChildren(
      ...wanted.map((name) =>
        make("option", { value: name }, name ? modelName(name) : "Every model")
      ),
    );
    model.value = chosen;
  }

  for (const select of [kind, period, model]) {
    select.addEventListener("change", () => refresh().catch(onProblem));
  }

  return {
    refresh,
    close() {
      closed = true;
      charts.outcomes.close();
      charts.reliability.close();
    },
  };
}

/** A prediction is right or wrong only when its time has passed: until then there is nothing to say. */
async function whyEmpty({ undecided }, kind) {
  if (undecided === 0) return "No failure has been foretold in this time, and none has happened.";
  const { predictions } = await get("/predictions", {
    outcome: "undecided",
    state: "all",
    kind,
    limit: 1_000,
  });
  const due = predictions.map(({ until }) => until).sort();
  const first = due.find((until) => new Date(until).getTime() > Date.now());
  const waiting = undecided === 1 ? "One is waiting" : `${count(undecided)} are waiting`;
  return `No prediction has come due yet. ${waiting}; ${
    first
      ? `the first will be known some hours after ${shortMoment(first)}`
      : "the first in some hours"
  }.`;
}

function hasCalibration({ calibration }) {
  return calibration.some((bin) => bin.count > 0);
}

function cardsOf(totals, decided) {
  const { hits, false_alarms: falseAlarms, misses, serviced, undecided } = totals;
  const { median, p10, p90 } = totals.lead_time_hours ?? {};
  const lead = (value) => typeof value === "number" ? duration(value * HOUR_MS) : "–";
  return [
    card(
      "Precision",
      roughly(totals.precision),
      `of what was foretold came true: ${count(hits)} hits, ${count(falseAlarms)} false alarms`,
    ),
    card(
      "Recall",
      roughly(totals.recall),
      `of all failures were foretold: ${count(hits)}, and ${count(misses)} missed`,
    ),
    card(
      "Lead time",
      lead(median),
      typeof median === "number"
        ? `median; eight of ten between ${lead(p10)} and ${lead(p90)}`
        : "from a prediction to the failure",
    ),
    card(
      "Alarms",
      number(totals.alarms_per_device_week),
      "per device and week: how often somebody is called",
    ),
    card(
      "Calibration error",
      number(totals.calibration_error),
      `mean distance from what was said; Brier score ${number(totals.brier)}`,
    ),
    card(
      "Decided",
      count(decided),
      `${count(serviced)} of them serviced in time; ${count(undecided)} not decided yet`,
    ),
  ];
}

function card(title, value, aside) {
  return make(
    "div",
    { class: "panel card" },
    make("h3", {}, title),
    make("p", { class: "total" }, value),
    make("p", { class: "aside" }, aside),
  );
}

const COLUMNS = [
  ["Hits", ({ hits }) => count(hits)],
  ["False alarms", (row) => count(row.false_alarms)],
  ["Misses", ({ misses }) => count(misses)],
  ["Precision", ({ precision }) => roughly(precision)],
  ["Recall", ({ recall }) => roughly(recall)],
  ["Lead time", (row) => leadOf(row)],
  ["Alarms per device-week", (row) => number(row.alarms_per_device_week)],
  ["Calibration error", (row) => number(row.calibration_error)],
];

function leadOf({ lead_time_hours: lead }) {
  return typeof lead?.median === "number" ? duration(lead.median * HOUR_MS) : "–";
}

function modelRows(models) {
  return [
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("th", { scope: "col" }, "Model"),
        COLUMNS.map(([name]) => make("th", { scope: "col", class: "number" }, name)),
      ),
    ),
    make(
      "tbody",
      {},
      models.map((row) =>
        make(
          "tr",
          {},
          make("td", { class: "nowrap" }, modelLink(row.model)),
          COLUMNS.map(([, tell]) => make("td", { class: "number" }, tell(row))),
        )
      ),
    ),
  ];
}

const SHA256 = /^[0-9a-f]{64}$/;

/** A method has a name; a model's file a checksum, of which eight digits tell it from others. */
function modelName(model) {
  return SHA256.test(model) ? model.slice(0, 8) : model;
}

function modelLink(model) {
  if (model === null) return "no model yet";
  if (!SHA256.test(model)) return model;
  return make("a", { href: `#/models/${model}`, title: model }, modelName(model));
}
