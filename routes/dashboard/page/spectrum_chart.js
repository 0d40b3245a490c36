/** A spectrum as a curve over Hz, with frequencies marked that one looks for in it. */
import { number } from "./format.js";
import { color, redraw } from "./line_chart.js";

/** A spectrum of so few lines is a list of peaks: each stands alone. */
const PEAKS_MAX = 100;
/** Beyond the highest mark there is nothing to compare. */
const BEYOND_MARKS = 1.6;
const LABEL_PX = 13;

/** Draws into a canvas; returns how to show a spectrum in it, and how to let go of it. */
export function spectrumChart(canvas) {
  let chart;
  let marks = [];

  const lines = {
    id: "marks",
    beforeDatasetsDraw({ ctx, chartArea, scales }) {
      ctx.save();
      ctx.font = "11px system-ui, sans-serif";
      ctx.textAlign = "center";
      const taken = [];
      for (const { hz, label, tone } of marks) {
        const x = scales.x.getPixelForValue(hz);
        if (x < chartArea.left || x > chartArea.right) continue;
        const width = ctx.measureText(label).width;
        // Labels that would meet stand below each other.
        let row = 0;
        while (
          taken.some((one) => one.row === row && Math.abs(one.x - x) < (one.width + width) / 2 + 4)
        ) {
          row++;
        }
        taken.push({ x, row, width });
        const top = chartArea.top + row * LABEL_PX;
        ctx.strokeStyle = ctx.fillStyle = color(tone);
        ctx.setLineDash([4, 4]);
        ctx.beginPath();
        ctx.moveTo(x, top + LABEL_PX);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
        const inside = Math.min(
          Math.max(x, chartArea.left + width / 2),
          chartArea.right - width / 2,
        );
        ctx.fillText(label, inside, top + LABEL_PX - 4);
      }
      ctx.restore();
    },
  };

  return {
    show(spectrum, wanted) {
      marks = wanted;
      chart ??= create(canvas, lines);
      fill(chart, canvas, spectrum, marks);
    },
    close: () => chart?.destroy(),
  };
}

function create(canvas, plugin) {
  return new globalThis.Chart(canvas, {
    type: "line",
    data: { datasets: [{ data: [], borderWidth: 1.5, pointRadius: 0, tension: 0 }] },
    plugins: [plugin],
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      maintainAspectRatio: false,
      interaction: { mode: "nearest", axis: "x", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            title: ([item]) => `${number(item.parsed.x)} Hz`,
          },
        },
      },
      scales: {
        x: {
          type: "linear",
          title: { display: true, text: "Hz" },
          ticks: { maxTicksLimit: 9, maxRotation: 0 },
          grid: { display: false },
        },
        // Room for the labels of what is marked.
        y: {
          min: 0,
          grace: "25%",
          title: { display: true, text: "" },
          ticks: { maxTicksLimit: 6 },
        },
      },
    },
  });
}

function fill(chart, canvas, { frequencies, amplitudes, prominences, unit }, marks) {
  const heights = prominences ?? amplitudes;
  const [curve] = chart.data.datasets;
  curve.data = frequencies.length > PEAKS_MAX
    ? frequencies.map((x, i) => ({ x, y: heights[i] }))
    : frequencies.flatMap((x, i) => [{ x, y: 0 }, { x, y: heights[i] }, { x, y: 0 }]);
  curve.label = prominences ? "dB above the noise" : unit ?? "as reported";
  curve.borderColor = color("--accent");
  const { x, y } = chart.options.scales;
  const last = frequencies.at(-1) ?? 0;
  x.min = 0;
  x.max = prominences
    ? last
    : Math.max(last, BEYOND_MARKS * Math.max(0, ...marks.map(({ hz }) => hz)));
  y.title.text = curve.label;
  x.title.color = y.title.color = color("--soft");
  redraw(chart);

  const highest = heights.indexOf(Math.max(...heights));
  canvas.setAttribute(
    "aria-label",
    `Highest at ${number(frequencies[highest])} Hz: ${number(heights[highest])} ${curve.label}. ${
      marks.map(({ hz, label }) => `${label} at ${number(hz)} Hz`).join(", ")
    }`,
  );
}
