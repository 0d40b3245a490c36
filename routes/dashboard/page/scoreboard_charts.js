/** The two plots of the scoreboard. */
import { number, roughly } from "./format.js";
import { color, redraw, shareAxis } from "./line_chart.js";

const OUTCOMES = [
  ["hits", "hits", "--good-fill"],
  ["false_alarms", "false alarms", "--warn-fill"],
  ["misses", "misses", "--bad-fill"],
  ["serviced", "serviced", "--dim-fill"],
];

/** What came of predictions, day by day or week by week. */
export function outcomesChart(canvas) {
  let chart;
  return {
    show(steps, step) {
      chart ??= new globalThis.Chart(canvas, {
        type: "bar",
        data: {
          labels: [],
          datasets: OUTCOMES.map(([, label]) => ({ label, data: [], maxBarThickness: 48 })),
        },
        options: {
          animation: false,
          maintainAspectRatio: false,
          interaction: { mode: "index", intersect: false },
          plugins: { legend: { position: "bottom", labels: { boxWidth: 12 } } },
          scales: {
            x: {
              stacked: true,
              ticks: { maxTicksLimit: 8, maxRotation: 0 },
              grid: { display: false },
            },
            y: { stacked: true, beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 6 } },
          },
        },
      });
      chart.data.labels = steps.map(({ from }) => dayOf(from));
      for (const [i, [field, , tone]] of OUTCOMES.entries()) {
        chart.data.datasets[i].data = steps.map((each) => each[field]);
        chart.data.datasets[i].backgroundColor = color(tone);
      }
      chart.options.plugins.legend.labels.color = color("--soft");
      redraw(chart);
      const sums = OUTCOMES.map(([field, label]) =>
        `${number(steps.reduce((sum, each) => sum + each[field], 0))} ${label}`
      );
      canvas.setAttribute("aria-label", `By ${step}: ${sums.join(", ")}`);
    },
    close: () => chart?.destroy(),
  };
}

const dayFormat = new Intl.DateTimeFormat("en", {
  month: "short",
  day: "numeric",
  timeZone: "UTC",
});

function dayOf(instant) {
  return dayFormat.format(new Date(instant));
}

/** The share that failed over the probability that was said; the more scores, the larger the dot. */
export function reliabilityChart(canvas) {
  let chart;
  return {
    show(calibration) {
      const bins = calibration.filter(({ count }) => count > 0);
      const most = Math.max(...bins.map(({ count }) => count));
      chart ??= createReliability(canvas);
      const [line, diagonal] = chart.data.datasets;
      line.data = bins.map((bin) => ({ x: bin.mean_probability, y: bin.share_failed, bin }));
      line.pointRadius = bins.map(({ count }) => 4 + 8 * Math.sqrt(count / most));
      line.borderColor = color("--accent");
      line.backgroundColor = `color-mix(in srgb, ${color("--accent")} 55%, transparent)`;
      diagonal.borderColor = color("--soft");
      for (const axis of Object.values(chart.options.scales)) axis.title.color = color("--soft");
      redraw(chart);
      canvas.setAttribute(
        "aria-label",
        bins.map((bin) =>
          `said ${roughly(bin.mean_probability)}, failed ${roughly(bin.share_failed)}`
        ).join("; "),
      );
    },
    close: () => chart?.destroy(),
  };
}

function createReliability(canvas) {
  return new globalThis.Chart(canvas, {
    type: "line",
    data: {
      datasets: [
        { data: [], borderWidth: 1.5, tension: 0 },
        {
          data: [{ x: 0, y: 0 }, { x: 1, y: 1 }],
          borderDash: [4, 4],
          borderWidth: 1,
          pointRadius: 0,
        },
      ],
    },
    options: {
      animation: false,
      parsing: false,
      maintainAspectRatio: false,
      clip: false,
      // Half of the largest dot.
      layout: { padding: 12 },
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: ({ raw }) => raw.bin !== undefined,
          callbacks: {
            title: () => "",
            label: ({ raw: { bin } }) =>
              `said ${roughly(bin.mean_probability)}, failed ${roughly(bin.share_failed)} of ${
                number(bin.count)
              } scores`,
          },
        },
      },
      scales: { x: shareAxis("Said"), y: shareAxis("Failed") },
    },
  });
}
