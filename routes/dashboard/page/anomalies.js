/** What was wrong with a sensor: its readings, its anomalies, and why each is one. */
import { get, send } from "./api.js";
import { make, pill } from "./elements.js";
import { ago, moment, number, toneOf, words } from "./format.js";
import { readingsChart } from "./readings.js";

const READINGS_SHOWN = 500;
const ANOMALIES_SHOWN = 20;

/** `onProblem` hears what could not be shown. The panels, and how to bring them up to date. */
export function anomalyPanels(id, onProblem) {
  const canvas = make("canvas", { role: "img", "aria-label": "Readings" });
  const chart = readingsChart(canvas);
  const title = make("h2", { id: "readings-title" }, "Readings");
  const back = make("button", { type: "button", hidden: true }, "Latest readings");
  const note = make("p", { class: "aside", "aria-live": "polite" });
  const why = make("div", { class: "why", hidden: true });
  const list = make("ul", { class: "list" });
  /** The anomaly that is explained; undefined while the latest readings are shown. */
  let explained;

  async function refresh() {
    const [alerts] = await Promise.all([
      get("/sensors/alerts", { sensor_id: id, limit: ANOMALIES_SHOWN }),
      explained === undefined ? showLatest() : undefined,
    ]);
    list.replaceChildren(
      ...(alerts.length === 0
        ? [make("li", { class: "empty" }, "No anomaly so far.")]
        : alerts.map(item)),
    );
  }

  async function showLatest() {
    const readings = await get("/sensors/data", { sensor_id: id, limit: READINGS_SHOWN });
    if (explained !== undefined) return;
    title.textContent = "Readings";
    why.hidden = back.hidden = true;
    note.textContent = readings.length === 0
      ? "This sensor has reported nothing yet."
      : `The latest ${readings.length}; a triangle marks where an anomaly was detected.`;
    if (readings.length > 0) chart.show(readings.reverse());
  }

  async function explain(alertId) {
    explained = alertId;
    const anomaly = await get(`/anomalies/${encodeURIComponent(alertId)}`);
    if (explained !== alertId) return;
    const { before, within, after } = anomaly.readings;
    const odd = new Set(anomaly.findings.map(({ timestamp }) => timestamp));
    chart.show([...before, ...within, ...after], { odd, findings: anomaly.findings });
    title.textContent = `Anomaly ${alertId}`;
    note.textContent = "The readings around it; the band is what was expected when it was found.";
    why.replaceChildren(...anomaly.findings.map(finding));
    why.hidden = back.hidden = false;
  }

  function item(alert) {
    const { severity, message, anomaly_score: score, timestamp, resolved, ended_at: ended } = alert;
    const because = make("button", { type: "button" }, "Explain");
    because.addEventListener("click", () => explain(alert.id).catch(onProblem));
    const done = make("button", { type: "button" }, "Resolve");
    done.addEventListener("click", () => resolve(alert.id, done));
    return make(
      "li",
      {},
      make(
        "span",
        {},
        pill(severity, toneOf(severity)),
        " ",
        pill(resolved ? "resolved" : ended ? "over" : "going on", "dim"),
        ` score ${number(score)}`,
      ),
      make("time", { class: "when", title: moment(timestamp), "data-since": timestamp }, [
        ago(timestamp),
      ]),
      make("span", { class: "what" }, message),
      make("span", { class: "what actions" }, because, resolved ? undefined : done),
    );
  }

  async function resolve(alertId, button) {
    button.disabled = true;
    try {
      await send("POST", `/sensors/alerts/${encodeURIComponent(alertId)}/resolve`, {});
      await refresh();
    } catch (error) {
      button.disabled = false;
      onProblem(error);
    }
  }

  back.addEventListener("click", () => {
    explained = undefined;
    showLatest().catch(onProblem);
  });

  return {
    readings: make(
      "section",
      { class: "panel", "aria-labelledby": "readings-title" },
      make("div", { class: "panel-head" }, title, back),
      make("div", { class: "chart" }, canvas),
      note,
      why,
    ),
    anomalies: make(
      "section",
      { class: "panel", "aria-labelledby": "anomalies-title" },
      make("div", { class: "panel-head" }, make("h2", { id: "anomalies-title" }, "Anomalies")),
      list,
    ),
    refresh,
    close: chart.close,
  };
}

/** What was found at one reading: what came, what was expected, who says so. */
function finding({ timestamp, value, expected, lower, upper, reason, score, detectors }) {
  const wanted = expected === null
    ? "nothing certain was expected"
    : `${number(expected)} was expected, ${number(lower)} to ${number(upper)}`;
  return make(
    "section",
    { class: "finding" },
    make("h3", {}, `${moment(timestamp)}: ${number(value)} came, ${wanted}`),
    make("p", {}, `${reason}${/[.!?]$/.test(reason) ? "" : "."} Score ${number(score)}.`),
    make(
      "dl",
      { class: "facts" },
      detectors.map(({ name, score, reason }) =>
        make("div", {}, make("dt", {}, `${words(name)} · ${number(score)}`), make("dd", {}, reason))
      ),
    ),
  );
}
