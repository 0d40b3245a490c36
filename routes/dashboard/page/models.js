/** The models that foretell failures: which there are, and the card of each. */
import { get, send } from "./api.js";
import { button, make, panel, pill, withWidth } from "./elements.js";
import { count, duration, moment, number, roughly, shortMoment, words } from "./format.js";
import { featureText } from "./factors.js";
import { precisionChart } from "./model_charts.js";
import { reliabilityChart } from "./scoreboard_charts.js";

const HOUR_MS = 3_600_000;
const IMPORTANCES_SHOWN = 15;

/** What rows a model was judged by are called. */
const SPLITS = {
  laterTimes: "later times than it learned from",
  otherAtms: "ATMs it has never seen",
};

/** Fills the view with one model's card, or with the list of all. */
export function openModels(view, _onProblem, sha256) {
  return sha256 ? openCard(view, sha256) : openList(view);
}

function openList(view) {
  const body = make("tbody", {});
  const columns = [
    ["Model"],
    ["Trained on", "wide-only"],
    ["PR-AUC", "number"],
    ["Chance", "number"],
    ["Calibration error", "number"],
    ["Put in force", "wide-only"],
  ];
  view.replaceChildren(
    make("div", { class: "view-head" }, make("h1", {}, "Models")),
    panel(
      "What foretells failures of ATMs",
      make(
        "div",
        { class: "scroll" },
        make(
          "table",
          {},
          make(
            "thead",
            {},
            make(
              "tr",
              {},
              columns.map(([name, kind]) => make("th", { scope: "col", class: kind }, name)),
            ),
          ),
          body,
        ),
      ),
      make(
        "p",
        { class: "aside" },
        "PR-AUC and calibration error are those of rows the model had not learned from. ",
        "./telltale train failure trains another; it takes the place of this one where it is better.",
      ),
    ),
  );
  return {
    async refresh() {
      const { models } = await get("/models");
      body.replaceChildren(...models.map(listRow));
    },
    close() {},
  };
}

function listRow({ sha256, in_force: inForce, promoted_at: promotedAt, about }) {
  const [judged] = Object.values(about?.judged ?? {});
  return make(
    "tr",
    {},
    make(
      "td",
      {},
      make(
        "span",
        { class: "tags" },
        make("a", { href: `#/models/${sha256}`, title: sha256 }, sha256.slice(0, 8)),
        inForce && pill("in force", "good"),
        about?.simulated && pill("simulated", "dim"),
      ),
    ),
    make("td", { class: "wide-only" }, about?.source ?? "its card cannot be read"),
    make("td", { class: "number" }, score(judged?.pr_auc)),
    make("td", { class: "number" }, score(judged?.base_rate)),
    make("td", { class: "number" }, score(judged?.calibration_error)),
    make("td", { class: "wide-only" }, promotedAt ? shortMoment(promotedAt) : "never"),
  );
}

function openCard(view, sha256) {
  let shown;
  let charts = [];
  let closed = false;

  async function refresh() {
    const model = await get(`/models/${encodeURIComponent(sha256)}`);
    if (closed) return;
    const now = JSON.stringify([model.in_force, model.promoted_at]);
    if (shown === now) return charts.forEach((chart) => chart.show());
    shown = now;
    for (const chart of charts) chart.close();
    charts = [];
    view.replaceChildren(headOf(model, refresh), ...contentOf(model.card));
  }

  function contentOf(card) {
    if (!card?.judged) return [make("p", { class: "panel empty" }, "Its card cannot be read.")];
    return [
      card.comparison && make("p", { class: "panel aside" }, `${card.comparison.verdict}.`),
      ...Object.entries(card.judged).flatMap(([split, judged]) => judgedParts(split, judged)),
      make("div", { class: "columns" }, importancesPanel(card), factsPanel(card, sha256)),
    ].filter(Boolean);
  }

  function judgedParts(split, judged) {
    const precision = make("canvas", { role: "img", "aria-label": "Precision over recall" });
    const reliability = make("canvas", { role: "img", "aria-label": "Reliability" });
    const bins = judged.reliability.map(({ count, claimed, happened }) => ({
      count,
      mean_probability: claimed,
      share_failed: happened,
    }));
    const [curve, dots] = [precisionChart(precision), reliabilityChart(reliability)];
    charts.push(
      { show: () => curve.show(judged.curve, judged.baseRate), close: curve.close },
      { show: () => dots.show(bins), close: dots.close },
    );
    // Once it is on the page, a chart knows its size.
    setTimeout(() => closed || charts.forEach((chart) => chart.show()));
    return [
      make("h2", { class: "model-part" }, `Judged by ${SPLITS[split] ?? words(split)}`),
      make("div", { class: "cards six" }, cardsOf(judged)),
      make(
        "div",
        { class: "halves" },
        panel(
          "Precision over recall",
          make("div", { class: "chart" }, precision),
          make("p", { class: "aside" }, "The dashed line is what chance would give."),
        ),
        panel(
          "Do probabilities mean what they say?",
          make("div", { class: "chart" }, reliability),
          make("p", { class: "aside" }, "On the line: of what was foretold at 30 %, 30 % failed."),
        ),
      ),
    ];
  }

  return {
    refresh,
    close() {
      closed = true;
      for (const chart of charts) chart.close();
    },
  };
}

function headOf({ sha256, in_force: inForce, promoted_at: promotedAt, card }, refresh) {
  /** What came of an order stays until the model is shown anew. */
  const answer = make("p", { class: "aside", role: "status" });
  const order = (text, path) =>
    button(text, async () => {
      if (!confirm(`${text}?`)) return;
      try {
        await send("POST", path, {});
        await refresh();
      } catch (error) {
        answer.textContent = error.message;
      }
    });
  return make(
    "div",
    { class: "view-head" },
    make(
      "div",
      {},
      make("p", { class: "aside" }, make("a", { href: "#/models" }, "← Models")),
      make("h1", {}, `Failure model ${sha256.slice(0, 8)}`),
      make(
        "span",
        { class: "tags" },
        inForce
          ? pill(`in force since ${shortMoment(promotedAt)}`, "good")
          : pill("not in force", "dim"),
        card?.simulated && pill("trained on simulated ATMs", "warn"),
      ),
    ),
    make(
      "div",
      { class: "model-orders" },
      inForce
        ? order("Roll back to the one before", "/models/failure/rollback")
        : order("Put this model in force", `/models/${sha256}/promote`),
      answer,
    ),
  );
}

function cardsOf({ prAuc, baseRate, calibrationError, brier, alarms, rows }) {
  const { caught, failures, falseEpisodes, deviceWeeks, leadHours } = alarms;
  return [
    card(
      "PR-AUC",
      score(prAuc),
      `chance ${score(baseRate)}; ${count(rows)} rows`,
    ),
    card("Calibration error", score(calibrationError), `Brier score ${score(brier)}`),
    card("Failures caught", `${count(caught)} of ${count(failures)}`, shareOf(caught, failures)),
    card(
      "False alarms",
      number(falseEpisodes / deviceWeeks),
      `per ATM and week; ${count(falseEpisodes)} in all`,
    ),
    card(
      "Warning",
      leadHours === null ? "–" : duration(leadHours * HOUR_MS),
      "median from alarm to failure, of those caught",
    ),
  ];
}

function shareOf(part, whole) {
  return whole === 0 ? "there were none" : `${roughly(part / whole)} of them`;
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

function importancesPanel({ importances }) {
  const most = importances[0]?.share ?? 1;
  return panel(
    "What it looks at most",
    make(
      "ul",
      { class: "importances" },
      importances.slice(0, IMPORTANCES_SHOWN).map(({ feature, share }) =>
        make(
          "li",
          {},
          make("span", {}, featureText(feature)),
          make("span", { class: "number" }, `${(100 * share).toFixed(1)} %`),
          make("span", { class: "measure" }, withWidth(make("span", {}), share / most)),
        )
      ),
    ),
    make(
      "p",
      { class: "aside" },
      `Share of all that its questions gained; ${
        count(Math.max(0, importances.length - IMPORTANCES_SHOWN))
      } more features have the rest.`,
    ),
  );
}

function factsPanel(card, sha256) {
  const { data, parameters, search, threshold, source, label } = card;
  const { trees, depth, rate, rowShare, columnShare, l1, l2 } = parameters;
  const facts = [
    ["Trained on", source],
    ["What it foretells", `That ${label}`],
    ["Data", `${moment(data.from)} to ${moment(data.to)}`],
    [
      "Learned from",
      `${count(data.rows)} rows of ${count(data.devices)} ATMs, ${count(data.positives)} (${
        (100 * data.baseRate).toFixed(2)
      } %) of them before one of ${count(data.failures)} failures`,
    ],
    ["Threshold", `${(100 * threshold).toFixed(1)} % and above is foretold`],
    [
      "Trees",
      `${trees}, ${depth} deep, rate ${number(rate)}, rows ${roughly(rowShare)}, columns ${
        roughly(columnShare)
      }, L1 ${number(l1)}, L2 ${number(l2)}`,
    ],
    [
      "Search",
      search.trials === 0 ? "none: the usual parameters" : `${count(search.trials)} others tried`,
    ],
    ["SHA-256", make("code", { class: "hash" }, sha256)],
    [
      "File",
      make("a", { href: `/api/v1/models/${sha256}/onnx`, download: `${sha256}.onnx` }, "ONNX"),
    ],
  ];
  return panel(
    "The card",
    make(
      "dl",
      { class: "facts" },
      facts.flatMap(([name, value]) => [
        make("dt", {}, name),
        make("dd", {}, value),
      ]),
    ),
  );
}

function score(value) {
  return typeof value === "number" ? value.toFixed(3) : "–";
}
