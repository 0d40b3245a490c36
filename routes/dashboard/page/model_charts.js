/** The plots of a model's card. */
import { roughly } from "./format.js";
import { color, redraw, shareAxis } from "./line_chart.js";

/** How many alarms are right over how many failures are caught, as the threshold falls. */
export function precisionChart(canvas) {
  let chart;
  return {
    show(curve, baseRate) {
      chart ??= createPrecision(canvas);
      const [line, chance] = chart.data.datasets;
      line.data = curve.map(({ recall, precision }) => ({ x: recall, y: precision }));
      line.borderColor = color("--accent");
      chance.data = [{ x: 0, y: baseRate }, { x: 1, y: baseRate }];
      chance.borderColor = color("--soft");
      for (const axis of Object.values(chart.options.scales)) axis.title.color = color("--soft");
      redraw(chart);
      const told = [0.25, 0.5, 0.75].flatMap((wanted) =>
        curve.find(({ recall }) => recall >= wanted) ?? []
      );
      canvas.setAttribute(
        "aria-label",
        told.map(({ recall, precision }) =>
          `recall ${roughly(recall)}, precision ${roughly(precision)}`
        ).join("; "),
      );
    },
    close: () => chart?.destroy(),
  };
}

function createPrecision(canvas) {
  return new globalThis.Chart(canvas, {
    type: "line",
    data: {
      datasets: [
        { data: [], borderWidth: 2, pointRadius: 0, pointHitRadius: 8, tension: 0 },
        { data: [], borderDash: [4, 4], borderWidth: 1, pointRadius: 0 },
      ],
    },
    options: {
      animation: false,
      parsing: false,
      maintainAspectRatio: false,
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: ({ datasetIndex }) => datasetIndex === 0,
          callbacks: {
            title: () => "",
            label: ({ raw }) => `recall ${roughly(raw.x)}, precision ${roughly(raw.y)}`,
          },
        },
      },
      scales: {
        x: shareAxis("Recall: rows before a failure that are found"),
        y: shareAxis("Precision"),
      },
    },
  });
}
