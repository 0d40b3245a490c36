/** One device's risk: how likely it was to fail over the last days, and what was foretold of it. */
import { devicePath, get } from "./api.js";
import { fill, make, panel, pill } from "./elements.js";
import { shortMoment, toneOf } from "./format.js";
import { axisOf, color, lineChart, redraw } from "./line_chart.js";
import { chance, partName, predictionItem, remainingText } from "./predictions.js";

const SPAN_MS = 7 * 86_400_000;
const SCORES_MAX = 1_000;
const PREDICTIONS_MAX = 10;
/** Of parts that stand beside each other. */
const COLORS = ["--accent", "--warn-fill", "--good-fill", "--bad-fill", "--dim-fill"];

/** The panel, and how to bring it up to date. */
export function riskPanel(kind, id) {
  const canvas = make("canvas", { role: "img", "aria-label": "Risk over time" });
  const box = make("div", { class: "chart low" }, canvas);
  const now = make("ul", { class: "plain" });
  const list = make("ul", { class: "list" });
  let chart;

  async function refresh() {
    const to = new Date();
    const from = new Date(to.getTime() - SPAN_MS);
    const [{ current, scores }, { predictions }] = await Promise.all([
      get(`${devicePath(kind, id)}/risk`, {
        from: from.toISOString(),
        to: to.toISOString(),
        limit: SCORES_MAX,
      }),
      get("/predictions", { kind, id, state: "all", limit: PREDICTIONS_MAX }),
    ]);
    showNow(current);
    box.hidden = scores.length < 2;
    if (!box.hidden) showScores(scores, predictions.find(({ threshold }) => threshold)?.threshold);
    fill(
      list,
      predictions.map((each) => [JSON.stringify(each), () => predictionItem(each)]),
      "No failure of it was ever foretold.",
    );
  }

  function showNow(current) {
    now.replaceChildren(
      ...current.map(({ part, probability, risk_level: level, at, until, remaining }) =>
        make(
          "li",
          {},
          pill(chance(probability), toneOf(level)),
          [
            ` ${part ? `${partName(id, part)} fails` : "that it fails"} by ${shortMoment(until)}`,
            remaining && remainingText(remaining),
            `as of ${shortMoment(at)}`,
          ].filter(Boolean).join(", "),
        )
      ),
      ...(current.length === 0 ? [make("li", {}, "Nothing is known of it now.")] : []),
    );
  }

  function showScores(scores, threshold) {
    const moments = [...new Set(scores.map(({ at }) => at))];
    const byPart = Map.groupBy(scores, ({ part }) => part ?? "");
    chart ??= lineChart(canvas, []);
    const highest = Math.max(...scores.map(({ probability }) => probability));
    const { y } = chart.options.scales;
    y.grace = y.min = 0;
    // Room above what is shown, but no probability above 1.
    y.max = Math.min(1, 1.2 * Math.max(0.1, highest, threshold ?? 0));
    y.ticks.callback = (value) => `${Number((100 * value).toFixed(1))} %`;
    chart.data.labels = axisOf(moments);
    chart.data.datasets = [
      ...[...byPart].map(([part, own], i) =>
        line({ id, part }, own, moments, COLORS[i % COLORS.length])
      ),
      ...(threshold === undefined ? [] : [{
        label: "threshold",
        note: "foretold from here on",
        data: moments.map(() => threshold),
        borderColor: color("--bad-fill"),
        borderDash: [6, 4],
        borderWidth: 1.5,
        pointRadius: 0,
      }]),
    ];
    const { legend } = chart.options.plugins;
    legend.display = byPart.size > 1;
    legend.labels = { color: color("--soft"), boxWidth: 12, boxHeight: 2 };
    redraw(chart);
    canvas.setAttribute(
      "aria-label",
      `${scores.length} scores of the last week, the highest ${chance(highest)}`,
    );
  }

  return {
    element: panel("Risk of failure", now, box, list),
    refresh,
    close: () => chart?.destroy(),
  };
}

function line({ id, part }, scores, moments, tone) {
  const at = new Map(scores.map((score) => [score.at, score.probability]));
  return {
    label: part ? partName(id, part) : "risk",
    data: moments.map((moment) => at.get(moment) ?? null),
    borderColor: color(tone),
    borderWidth: 2,
    pointRadius: 0,
    spanGaps: true,
    tension: 0,
  };
}
