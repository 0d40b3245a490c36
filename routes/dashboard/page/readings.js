/** A sensor's readings one by one, what was expected where it matters, and anomalies marked. */
import { number, timeOfDay } from "./format.js";
import { color, lineChart, redraw } from "./line_chart.js";

/** Draws into a canvas; returns how to show readings in it, and how to let go of it. */
export function readingsChart(canvas) {
  let chart;
  return {
    show(readings, options) {
      chart ??= draw(canvas);
      fill(chart, canvas, readings, options);
    },
    close: () => chart?.destroy(),
  };
}

function draw(canvas) {
  const bound = { borderWidth: 0, pointRadius: 0, spanGaps: true, stepped: "middle" };
  return lineChart(canvas, [
    { ...bound, label: "expected up to", data: [], fill: "+1" },
    { ...bound, label: "expected from", data: [], fill: false },
    {
      label: "anomaly",
      data: [],
      showLine: false,
      pointRadius: 6,
      pointHoverRadius: 8,
      pointStyle: "triangle",
    },
    { label: "reading", data: [], borderWidth: 2, pointRadius: 0, tension: 0 },
  ]);
}

/** `odd`: moments of anomalies; `findings`: what was expected at some of the readings. */
function fill(chart, canvas, readings, { odd = new Set(), findings = [] } = {}) {
  const [upper, lower, anomaly, value] = chart.data.datasets;
  const isOdd = (reading) => reading.is_anomaly || odd.has(reading.timestamp);
  chart.data.labels = readings.map(({ timestamp }) => timeOfDay(timestamp));
  value.data = readings.map((reading) => reading.value);
  anomaly.data = readings.map((reading) => isOdd(reading) ? reading.value : null);
  const [from, to] = band(readings, findings);
  lower.data = from;
  upper.data = to;

  value.borderColor = color("--accent");
  anomaly.borderColor = anomaly.backgroundColor = color("--bad-fill");
  upper.backgroundColor = `color-mix(in srgb, ${color("--good-fill")} 22%, transparent)`;
  redraw(chart);

  const values = value.data;
  const count = anomaly.data.filter((mark) => mark !== null).length;
  canvas.setAttribute(
    "aria-label",
    `${values.length} readings from ${number(Math.min(...values))} to ${
      number(Math.max(...values))
    }, ${count} of them marked as anomalies`,
  );
}

/** What was expected at a finding holds until the next one, and for a moment before the first. */
function band(readings, findings) {
  const known = findings.filter(({ lower, upper }) => lower !== null && upper !== null);
  const from = new Array(readings.length).fill(null);
  const to = new Array(readings.length).fill(null);
  for (const { timestamp, lower, upper } of known) {
    const at = readings.findIndex((reading) => reading.timestamp >= timestamp);
    if (at < 0) continue;
    for (let i = Math.max(0, at - 5); i <= Math.min(readings.length - 1, at + 5); i++) {
      from[i] = lower;
      to[i] = upper;
    }
  }
  return [from, to];
}
