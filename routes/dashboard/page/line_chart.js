/** Lines over time, in the colours of the page. */
import { dayMoment, timeOfDay } from "./format.js";

/** A chart of lines without points in them yet. */
export function lineChart(canvas, datasets) {
  return new globalThis.Chart(canvas, {
    type: "line",
    data: { labels: [], datasets },
    plugins: [NOTES],
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { display: false } },
      scales: {
        x: { ticks: { maxTicksLimit: 7, maxRotation: 0 }, grid: { display: false } },
        y: { grace: "8%", ticks: { maxTicksLimit: 6 } },
      },
    },
  });
}

/** A line that says what it is, above its right end: one with a `note`. */
const NOTES = {
  id: "notes",
  afterDatasetsDraw({ ctx, chartArea, scales, data }) {
    ctx.save();
    ctx.font = "11px system-ui, sans-serif";
    ctx.textAlign = "right";
    for (const { note, data: values } of data.datasets) {
      if (note === undefined || values.length === 0) continue;
      ctx.fillStyle = color("--soft");
      ctx.fillText(note, chartArea.right - 2, scales.y.getPixelForValue(values.at(-1)) - 4);
    }
    ctx.restore();
  },
};

/** An axis of shares, from none to all. */
export function shareAxis(text) {
  return {
    type: "linear",
    min: 0,
    max: 1,
    title: { display: true, text },
    ticks: { maxTicksLimit: 6, callback: (value) => `${Math.round(100 * value)} %` },
    grid: {},
  };
}

/** Shows what the chart was given. The scheme may have changed between dark and light since. */
export function redraw(chart) {
  for (const axis of Object.values(chart.options.scales)) {
    axis.ticks.color = color("--soft");
    axis.grid.color = color("--line");
  }
  chart.update();
}

const DAY_MS = 86_400_000;

/** What stands under moments, in order: their time of day, and the day where that is not told. */
export function axisOf(moments) {
  const spanMs = new Date(moments.at(-1)).getTime() - new Date(moments[0]).getTime();
  return moments.map(spanMs > DAY_MS ? dayMoment : timeOfDay);
}

/** A colour of the page's scheme, as it is now. */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
