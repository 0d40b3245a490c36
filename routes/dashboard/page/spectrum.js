/** One reading of a bearing: how often something strikes, and which part would strike so often. */
import { get } from "./api.js";
import { make, pill } from "./elements.js";
import { dayMoment, moment, number, words } from "./format.js";
import { spectrumChart } from "./spectrum_chart.js";

/** What the frequencies of a bearing's parts are called by those who look for them. */
const PARTS = {
  outer: ["BPFO", "outer race"],
  inner: ["BPFI", "inner race"],
  ball: ["BSF", "rolling element"],
  cage: ["FTF", "cage"],
};

const FAULTS = {
  healthy: "No damage to be seen",
  outer: "Outer race damaged",
  inner: "Inner race damaged",
  ball: "Rolling element damaged",
  cage: "Cage damaged",
};

const HARMONICS = 4;
const EARLIER_MAX = 100;

/** A spectrum of so few lines is a list of peaks. */
const PEAKS_MAX = 100;
/** Balls do not roll perfectly: a part is seen within so much of where it is expected. */
const SLIP = 0.02;

/** "Outer race damaged", with how sure that is; undefined where it could not be told. */
export function faultPill(fault) {
  if (!fault) return undefined;
  const named = FAULTS[fault.name] ?? words(fault.name);
  const text = `${named} · confidence ${fault.confidence.toFixed(2)}`;
  return pill(text, fault.name === "healthy" ? "good" : "bad");
}

/** `onProblem` hears what could not be shown. The panel, and how to show a reading in it. */
export function spectrumPanel(onProblem) {
  const canvas = make("canvas", { role: "img", "aria-label": "Spectrum" });
  const box = make("div", { class: "chart" }, canvas);
  const which = make(
    "select",
    { "aria-label": "Kind of spectrum" },
    make("option", { value: "envelope" }, "Envelope"),
    make("option", { value: "spectrum" }, "Acceleration"),
  );
  const verdict = make("p", { class: "verdict" });
  const note = make("p", { class: "aside" });
  const parts = make("table", { class: "parts" });
  const chart = spectrumChart(canvas);
  const earlier = make("select", { "aria-label": "Reading" });
  /** Answers may overtake each other; only the newest question's is shown. */
  let asked;
  let analysis;
  let offered;
  /** Shows what is wanted now; there once a bearing is shown. */
  let again;

  /** Resolves with what is known of the reading. One that is shown already is not asked for again. */
  async function show(machineId, bearing, newestId) {
    again = () => show(machineId, bearing, newestId);
    await offer(machineId, bearing);
    const readingId = earlier.value || newestId;
    const question = `${bearing}/${readingId}`;
    if (asked === question) {
      draw();
      return analysis;
    }
    asked = question;
    const path = `/machines/${encodeURIComponent(machineId)}/bearings/${
      encodeURIComponent(bearing)
    }/analysis`;
    try {
      // The newest is asked for as such: not every read model need have heard of it yet.
      const found = await get(path, earlier.value ? { reading: earlier.value } : {});
      if (asked !== question) return found;
      analysis = found;
      which.value = found.envelope ? "envelope" : "spectrum";
      which.hidden = found.envelope === null;
      draw();
      return found;
    } catch (error) {
      if (asked === question) asked = undefined;
      throw error;
    }
  }

  /** Earlier readings, to see since when a line is there. */
  async function offer(machineId, bearing) {
    const minute = `${bearing}/${Math.floor(Date.now() / 60_000)}`;
    if (offered === minute) return;
    const isOther = !offered?.startsWith(`${bearing}/`);
    offered = minute;
    const readings = await get("/api/data/query", {
      machine_id: machineId,
      bearing_id: bearing,
      limit: EARLIER_MAX,
    });
    const chosen = isOther ? "" : earlier.value;
    earlier.replaceChildren(
      make("option", { value: "" }, "Newest reading"),
      ...readings.map(({ _id, timestamp, velocity }) =>
        make(
          "option",
          { value: _id },
          [dayMoment(timestamp), velocity && `${number(velocity.rms)} mm/s`].filter(Boolean)
            .join(" · "),
        )
      ),
    );
    earlier.value = readings.some(({ _id }) => _id === chosen) ? chosen : "";
  }

  function draw() {
    if (analysis === undefined) return;
    const { reading, rpm, envelope, spectrum } = analysis;
    const shown = which.value === "envelope" ? envelope : spectrum;
    box.hidden = shown === null;
    verdict.replaceChildren(faultPill(reading.fault) ?? whyUnnamed(analysis));
    note.textContent = [
      `Reading of ${moment(reading.timestamp)}`,
      rpm === null ? "its speed was not told" : `${number(rpm)} rpm`,
      reading.Axis_Id,
      shown === null ? "it came without a spectrum" : undefined,
    ].filter(Boolean).join(" · ");
    parts.hidden = analysis.fault_frequencies.length === 0;
    parts.replaceChildren(...partRows(analysis));
    if (shown) chart.show(shown, marksOf(analysis));
  }

  which.addEventListener("change", () => {
    try {
      draw();
    } catch (error) {
      onProblem(error);
    }
  });

  earlier.addEventListener("change", () => again().catch(onProblem));

  return {
    element: make(
      "section",
      { class: "panel", "aria-labelledby": "spectrum-title" },
      make(
        "div",
        { class: "panel-head" },
        make("h2", { id: "spectrum-title" }, "Spectrum"),
        make("div", { class: "filter" }, [earlier, which].map((each) => make("label", {}, each))),
      ),
      verdict,
      box,
      note,
      make("div", { class: "scroll" }, parts),
    ),
    show,
    close: chart.close,
  };
}

function whyUnnamed(analysis) {
  const { envelope, fault_frequencies: frequencies } = analysis;
  const peaks = frequencies.flatMap(({ part, expected_hz: hz }) => {
    const peak = peakAt(analysis, hz);
    return peak && part in PARTS
      ? [`${number(peak.hz)} Hz, where damage to the ${PARTS[part][1]} (${PARTS[part][0]})`]
      : [];
  });
  if (envelope === null && peaks.length > 0) {
    return `A line stands at ${peaks.join(" and ")} would show. To name a fault takes raw samples.`;
  }
  if (frequencies.length === 0) {
    return "No fault can be named: that needs the bearing's geometry and its speed.";
  }
  return envelope === null
    ? "No fault can be named: that needs the raw samples, not only their spectrum."
    : "No fault was named: the recording is too short for its speed, or the geometry came later.";
}

/** Of a spectrum that came as a list of peaks, the one where a part would show. */
function peakAt({ spectrum }, expectedHz) {
  const { frequencies = [], amplitudes } = spectrum ?? {};
  if (frequencies.length > PEAKS_MAX) return undefined;
  const at = frequencies.findIndex((hz) => Math.abs(hz / expectedHz - 1) <= SLIP);
  return at < 0 || !(amplitudes[at] > 0)
    ? undefined
    : { hz: frequencies[at], amplitude: amplitudes[at] };
}

/** The named part with its harmonics; of the others the first, to compare. */
function marksOf({ reading, shaft_hz: shaftHz, fault_frequencies: frequencies }) {
  const marks = frequencies.flatMap(({ part, expected_hz: hz }) => {
    const isNamed = reading.fault?.name === part;
    const label = PARTS[part]?.[0] ?? part;
    return Array.from({ length: isNamed ? HARMONICS : 1 }, (_, i) => ({
      hz: hz * (i + 1),
      label: i === 0 ? label : `${i + 1}×`,
      tone: isNamed ? "--bad-fill" : "--soft",
    }));
  });
  return shaftHz === null ? marks : [{ hz: shaftHz, label: "shaft", tone: "--soft" }, ...marks];
}

function partRows(analysis) {
  const { reading, fault_frequencies: frequencies } = analysis;
  const evidence = new Map((reading.fault?.evidence ?? []).map((each) => [each.part, each]));
  const head = ["Part", "Expected", "Found", "Above noise"];
  return [
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        head.map((name, i) => make("th", { scope: "col", class: i > 0 && "number" }, name)),
      ),
    ),
    make(
      "tbody",
      {},
      frequencies.map(({ part, expected_hz: expected }) => {
        const [short, long] = PARTS[part] ?? [part, part];
        const { foundHz = peakAt(analysis, expected)?.hz, prominenceDb } = evidence.get(part) ?? {};
        const isNamed = reading.fault?.name === part;
        return make(
          "tr",
          { "data-named": isNamed },
          make("th", { scope: "row" }, `${words(long)} (${short})`, isNamed ? " – named" : ""),
          make("td", { class: "number" }, `${number(expected)} Hz`),
          make("td", { class: "number" }, foundHz === undefined ? "–" : `${number(foundHz)} Hz`),
          make(
            "td",
            { class: "number" },
            prominenceDb === undefined ? "–" : `${prominenceDb.toFixed(1)} dB`,
          ),
        );
      }),
    ),
  ];
}
