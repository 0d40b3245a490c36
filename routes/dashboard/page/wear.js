/** How worn a bearing is: since when, how fast, and how long it may still last. */
import { devicePath, get, send } from "./api.js";
import { button, make, panel, pill } from "./elements.js";
import { duration, number, roughly, shortMoment } from "./format.js";
import { axisOf, color, lineChart, redraw } from "./line_chart.js";
import { chance, remainingText } from "./predictions.js";

const SPAN_MS = 90 * 86_400_000;
const POINTS_MAX = 2_000;
const HOUR_MS = 3_600_000;

const STATES = {
  learning: ["learning what is normal", "dim"],
  normal: ["as it was when new to us", "good"],
  worse: ["getting worse", "warn"],
  alarm: ["trend alarm", "bad"],
  failed: ["failed", "bad"],
};

/** The worst first: which of a machine's bearings one wants to see. */
export const STATE_NAMES = ["failed", "alarm", "worse", "normal", "learning"];

export function statePill({ state }) {
  const [text, tone] = STATES[state] ?? [];
  return text && pill(text, tone);
}

/** In a few words, for a card: `[name, value]` of what is known. */
export function healthFacts(health) {
  const { state, growth, index, worse_since: since } = health;
  if (state === null) return [];
  if (state === "learning") return [];
  return [
    ["Vibration", `${growth.toFixed(1)} × normal`],
    ["Wear", roughly(index)],
    since && ["Worse since", shortMoment(since)],
    state !== "failed" && health.remaining && ["Left, median", leftText(health.remaining)],
    state !== "failed" && health.probability !== null &&
    ["Fails within", `${duration(health.horizon_hours * HOUR_MS)}: ${chance(health.probability)}`],
  ].filter(Boolean);
}

function leftText({ expected_hours: expected, earliest_hours: early, latest_hours: late }) {
  const latest = late === null ? "…" : duration(late * HOUR_MS);
  return `${duration(expected * HOUR_MS)} (${duration(early * HOUR_MS)} to ${latest})`;
}

/** The panel, how to show a bearing in it, and how to let go of it. */
export function wearPanel(machineId, onProblem) {
  const canvas = make("canvas", { role: "img", "aria-label": "Vibration beside normal" });
  const box = make("div", { class: "chart low" }, canvas);
  const told = make("p", {});
  const replaced = make("details", {}, make("summary", {}, "This bearing was replaced"));
  const element = panel("Wear", told, box, replaced);
  let chart;

  async function show(bearing) {
    const to = new Date();
    const from = new Date(to.getTime() - SPAN_MS);
    const path = `/machines/${encodeURIComponent(machineId)}/bearings/${
      encodeURIComponent(bearing)
    }/health`;
    const health = await get(path, {
      from: from.toISOString(),
      to: to.toISOString(),
      limit: POINTS_MAX,
    });
    told.replaceChildren(statePill(health) ?? "", ` ${sentence(health)}`);
    offerReplacing(bearing);
    const { points } = health;
    box.hidden = points.length < 2 || health.state === "learning";
    if (box.hidden) return;
    chart ??= lineChart(canvas, []);
    draw(chart, points);
    canvas.setAttribute(
      "aria-label",
      `Vibration beside normal, ${points.length} points: now ${number(points.at(-1).growth)} times`,
    );
  }

  function offerReplacing(bearing) {
    if (replaced.dataset.bearing === bearing) return;
    replaced.dataset.bearing = bearing;
    replaced.open = false;
    const renew = button("Learn anew what is normal", async () => {
      renew.disabled = true;
      try {
        const path = `${devicePath("machine", machineId)}/commands`;
        await send("POST", path, { command: "RenewPart", part: bearing });
        replaced.open = false;
      } catch (error) {
        onProblem(error);
      }
      renew.disabled = false;
    });
    replaced.replaceChildren(
      replaced.firstElementChild,
      make("p", {}, "Its wear begins at nothing, and what was foretold of it ends. "),
      renew,
    );
  }

  return { element, show, close: () => chart?.destroy() };
}

function sentence(health) {
  const { state, growth, index, worse_since: since } = health;
  if (state === null) return "Nothing was heard of it since it was replaced.";
  if (state === "learning") {
    return "Its next readings teach what is normal for it; then its wear is followed.";
  }
  const { remaining, at_this_pace: pace, failure, probability, horizon_hours: hours } = health;
  return [
    `It vibrates ${growth.toFixed(1)} times as much as is normal for it; ${roughly(index)} worn`,
    since && `worse since ${shortMoment(since)}`,
    failure && `failed ${shortMoment(failure.began_at)} (${failure.code})`,
    !failure && remaining && remainingText(remaining),
    !failure && pace && `at this pace it ${remainingText(pace)}`,
    !failure && probability !== null &&
    `${chance(probability)} to fail within ${duration(hours * HOUR_MS)}`,
  ].filter(Boolean).join(" · ");
}

function draw(chart, points) {
  chart.data.labels = axisOf(points.map(({ at }) => at));
  chart.options.scales.y.min = 0;
  chart.options.scales.y.ticks.callback = (value) => `${number(value)}×`;
  const alarmed = color("--bad-fill");
  chart.data.datasets = [{
    label: "times normal",
    data: points.map(({ growth }) => growth),
    borderColor: color("--accent"),
    // In alarm it is drawn as such.
    segment: { borderColor: ({ p1DataIndex: i }) => points[i]?.alarm ? alarmed : undefined },
    borderWidth: 2,
    pointRadius: 0,
    tension: 0,
  }];
  redraw(chart);
}
