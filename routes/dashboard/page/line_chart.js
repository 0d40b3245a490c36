/** Lines over time, in the colours of the page. */

/** A chart of lines without points in them yet. */
export function lineChart(canvas, datasets) {
  return new globalThis.Chart(canvas, {
    type: "line",
    data: { labels: [], datasets },
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

/** Shows what the chart was given. The scheme may have changed between dark and light since. */
export function redraw(chart) {
  for (const axis of Object.values(chart.options.scales)) {
    axis.ticks.color = color("--soft");
    axis.grid.color = color("--line");
  }
  chart.update();
}

/** A colour of the page's scheme, as it is now. */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
