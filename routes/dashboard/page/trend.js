/** One metric of a device over time: its mean, between its smallest and largest value. */
import { devicePath, get } from "./api.js";
import { choice, make } from "./elements.js";
import { number, timeOfDay, words } from "./format.js";
import { partName } from "./predictions.js";
import { color, lineChart, redraw } from "./line_chart.js";

/** How far back each resolution looks. */
const RESOLUTIONS = {
  "1m": { label: "By minute", spanMs: 3 * 3_600_000 },
  "1h": { label: "By hour", spanMs: 7 * 86_400_000 },
  "1d": { label: "By day", spanMs: 90 * 86_400_000 },
};
const RESOLUTION_NAMES = Object.keys(RESOLUTIONS);
const FEW_POINTS = 12;
/** Fewer show no trend. */
const POINTS_MIN = 4;

/**
 * `onProblem` hears what could not be shown. `part`: whose metrics these are, where not the whole
 * device's; `limitsOf(metric)`: values at which something begins, from low to high. The panel, and
 * how to bring it up to date.
 */
export function trendPanel(kind, id, metrics, onProblem, { part, limitsOf = () => [] } = {}) {
  const canvas = make("canvas", { role: "img", "aria-label": "Trend" });
  const title = (name) => titleOf(name, part);
  const metric = choice("Metric", metrics.map((name) => [name, title(name)]));
  // What tells most of a machine; other kinds begin with their first.
  metric.value = metrics.find((name) => name.endsWith("velocity.rms")) ?? metrics[0] ?? "";
  const resolution = choice(
    "Resolution",
    Object.entries(RESOLUTIONS).map(([name, { label }]) => [name, label]),
  );
  const empty = make("p", { class: "empty", hidden: true }, "No reading in this time.");
  /** Until somebody chooses: where there is little by the minute, there may be more by the hour. */
  let isChosen = false;
  const box = make("div", { class: "chart" }, canvas);
  let chart;

  async function ask(name) {
    const to = new Date();
    const from = new Date(to.getTime() - RESOLUTIONS[name].spanMs);
    const { points } = await get(`${devicePath(kind, id)}/trends`, {
      metric: metric.value,
      resolution: name,
      from: from.toISOString(),
      to: to.toISOString(),
    });
    return points;
  }

  /** The finest that shows a trend; else the one that shows the most. */
  async function findResolution() {
    let best = { points: [], name: RESOLUTION_NAMES[0] };
    for (const name of RESOLUTION_NAMES) {
      const points = await ask(name);
      if (points.length > best.points.length) best = { points, name };
      if (points.length >= POINTS_MIN) break;
    }
    return best;
  }

  async function refresh() {
    const wanted = resolution.value;
    const { points, name } = isChosen
      ? { points: await ask(wanted), name: wanted }
      : await findResolution();
    // Somebody may have chosen meanwhile; what was chosen is shown by its own question.
    if (resolution.value !== wanted) return;
    resolution.value = name;
    empty.hidden = points.length > 0;
    box.hidden = points.length === 0;
    if (points.length === 0) return;
    chart ??= draw(canvas);
    const limits = limitsOf(metric.value);
    show(chart, canvas, points, {
      name: title(metric.value),
      resolution: resolution.value,
      limits,
    });
  }

  for (const select of [metric, resolution]) {
    select.addEventListener("change", () => {
      isChosen ||= select === resolution;
      refresh().catch(onProblem);
    });
  }
  const element = make(
    "section",
    { class: "panel", "aria-labelledby": "trend-title" },
    make(
      "div",
      { class: "panel-head" },
      make("h2", { id: "trend-title" }, part ? `Trend of ${partName(id, part)}` : "Trend"),
      make("div", { class: "filter" }, labelled(metric), labelled(resolution)),
    ),
    metrics.length === 0 ? make("p", { class: "empty" }, "This device reports no numbers.") : box,
    empty,
  );
  return {
    element,
    refresh: () => metrics.length === 0 ? Promise.resolve() : refresh(),
    close: () => chart?.destroy(),
  };
}

/** `velocity.rms` of a bearing is prefixed with the bearing's id, which stays as it is. */
function titleOf(metric, shownPart) {
  if (shownPart !== undefined) return words(metric.slice(shownPart.length + 1));
  const [, part, name] = /^(.+)\.(\w+\.\w+|temperature)$/.exec(metric) ?? [];
  return part ? `${part} · ${words(name)}` : words(metric);
}

function labelled(select) {
  return make("label", {}, select);
}

function draw(canvas) {
  const line = { pointRadius: 0, tension: 0.25, borderWidth: 2 };
  const edge = { ...line, borderWidth: 0 };
  return lineChart(canvas, [
    { ...edge, label: "max", data: [], fill: "+1" },
    { ...edge, label: "min", data: [], fill: false },
    { ...line, label: "mean", data: [] },
  ]);
}

function show(chart, canvas, points, { name, resolution, limits }) {
  const [max, min, mean] = chart.data.datasets;
  chart.data.labels = points.map(({ at }) =>
    resolution === "1m" ? timeOfDay(at) : new Date(at).toLocaleString("en", {
      month: "short",
      day: "numeric",
      ...(resolution === "1h" ? { hour: "2-digit", hour12: false } : {}),
    })
  );
  max.data = points.map((point) => point.max);
  min.data = points.map((point) => point.min);
  mean.data = points.map((point) => point.mean);
  // A line through few points hides how few they are, and one point is no line.
  mean.pointRadius = points.length < FEW_POINTS ? 3 : 0;
  // The scheme may have changed between dark and light.
  mean.borderColor = color("--accent");
  mean.backgroundColor = color("--accent");
  max.backgroundColor = `color-mix(in srgb, ${color("--accent")} 16%, transparent)`;
  const highest = Math.max(...max.data);
  chart.data.datasets = [
    max,
    min,
    mean,
    // Those that were passed, and the next: a limit far above would press the curve flat.
    ...(points.length < 2 ? [] : limits).filter((_, i) => i === 0 || limits[i - 1].value < highest)
      .map((limit) => limitLine(limit, points)),
  ];
  redraw(chart);
  const last = points.at(-1);
  canvas.setAttribute(
    "aria-label",
    `${name}: ${points.length} points, last mean ${number(last.mean)}, from ${
      number(Math.min(...min.data))
    } to ${number(Math.max(...max.data))}`,
  );
}

function limitLine({ value, label, tone }, points) {
  return {
    label,
    note: label,
    data: points.map(() => value),
    borderColor: color(`--${tone}-fill`),
    borderDash: [6, 4],
    borderWidth: 1.5,
    pointRadius: 0,
  };
}
