/** Why a failure is foretold, in the words of whoever is sent to see to it. */
import { duration, number, percent, words } from "./format.js";

const SPANS = { "1h": "in the last hour", "6h": "in the last 6 h", "24h": "in the last 24 h" };
const HOUR_MS = 3_600_000;

const celsius = (value) => `${number(value)} °C`;
const points = (value) => `${number(value)} %`;
const milliseconds = (value) => `${number(value)} ms`;
const share = (value) => percent(value);
const times = (value) => `${Number(value.toPrecision(2))}×`;
const hours = (value) => duration(value * HOUR_MS);
const perHour = (unit) => (value) => `${value > 0 ? "+" : ""}${number(value)} ${unit} per hour`;
const more = (unit) => (value) => `${value > 0 ? "+" : ""}${number(value)} ${unit}`;

const moreShare = (value) => `${value > 0 ? "+" : ""}${number(100 * value)} %`;

/** By feature, or by what it is without its span: what it says, and how its value is told. */
const SAID = {
  online_ratio: ["Reports that were online", share],
  error_ratio: ["Reports with status error", share],
  offline_ratio: ["Reports that were offline", share],
  maintenance_ratio: ["Reports in maintenance", share],
  cash_mean: ["Cash level, mean", points],
  cash_min: ["Cash level, lowest", points],
  cash_sd: ["Cash level swings by", points],
  cash_low_ratio: ["Reports with cash below 20 %", share],
  cash_slope: ["Cash level changes by", perHour("%")],
  temperature_mean: ["Temperature, mean", celsius],
  temperature_max: ["Temperature, highest", celsius],
  temperature_sd: ["Temperature swings by", celsius],
  temperature_off_ratio: ["Reports outside 5 to 35 °C", share],
  temperature_change: ["Temperature of the last hour beside the day's", more("°C")],
  temperature_slope: ["Temperature changes by", perHour("°C")],
  cpu_mean: ["Processor load, mean", points],
  cpu_max: ["Processor load, highest", points],
  cpu_high_ratio: ["Reports with the processor above 80 %", share],
  cpu_change: ["Processor load of the last hour beside the day's", more("%")],
  cpu_slope: ["Processor load changes by", perHour("%")],
  memory_mean: ["Memory in use, mean", points],
  memory_max: ["Memory in use, highest", points],
  memory_high_ratio: ["Reports with memory above 85 %", share],
  memory_slope: ["Memory in use changes by", perHour("%")],
  disconnected_ratio: ["Reports without network", share],
  unstable_ratio: ["Reports with an unstable network", share],
  latency_mean: ["Network latency, mean", milliseconds],
  latency_sd: ["Network latency swings by", milliseconds],
  latency_ratio: ["Network latency of the last hour beside the day's", times],
  latency_slope: ["Network latency changes by", perHour("ms")],
  error_code_ratio: ["Reports with an error code", share],
  critical_code_ratio: ["Reports with a critical error code", share],
  errors_started: ["Errors that began", times],
  restarts: ["Restarts", times],
  current_status: ["Status now", (value) => STATUSES[value] ?? number(value)],
  current_cash: ["Cash level now", points],
  current_temperature: ["Temperature now", celsius],
  current_cpu: ["Processor load now", points],
  current_memory: ["Memory in use now", points],
  current_latency_seconds: ["Network latency now", (value) => milliseconds(1000 * value)],
  current_critical: ["A critical error code now", (value) => value > 0 ? "yes" : "no"],
  hours_since_error: ["Since the last error", hours],
  hours_since_critical: ["Since the last critical error", hours],
  hours_since_offline: ["Since it was last offline", hours],
  hours_since_maintenance: ["Since the last maintenance", hours],
  temperature_since_yesterday: ["Temperature beside the same hours of yesterday", more("°C")],
  cpu_since_yesterday: ["Processor load beside the same hours of yesterday", more("%")],
  temperature_beside_peers: ["Temperature beside its region's", more("°C")],
  latency_beside_peers: ["Network latency beside its region's", times],
  unstable_beside_peers: ["Unstable network beside its region's", moreShare],
  peers_disconnected: ["Its region without network", share],
  age_hours: ["In use for", hours],
  vibration_growth: ["Vibration beside what is normal for it", times],
  uptime_hours: ["Running without a restart for", hours],
  minutes_since_report: ["Since its last report", (value) => duration(value * 60_000)],
};

const STATUSES = ["online", "offline", "error", "maintenance"];

const CODES = {
  e001: "Card reader malfunction (E001)",
  e002: "Dispenser jam (E002)",
  e003: "Network connection lost (E003)",
  e004: "Cassette empty (E004)",
  e005: "Temperature sensor failure (E005)",
  e006: "Receipt printer (E006)",
  e007: "Overheating (E007)",
  e008: "Memory exhausted (E008)",
  e009: "Disk full (E009)",
  e010: "Power supply (E010)",
};

const STARTS = ["the latest", "the last but one", "the third last", "the fourth last"];

/** "Temperature, highest in the last 6 h: 43 °C". A feature nobody has put into words is named. */
export function factorText({ feature, value }) {
  const { what, tell } = saidOf(feature);
  return `${what}: ${value === null ? "not known" : tell(value)}`;
}

/** The same without a value. */
export function featureText(feature) {
  return saidOf(feature).what;
}

function saidOf(feature) {
  const [, base = feature, span] = /^(.+)_(1h|6h|24h)$/.exec(feature) ?? [];
  const [, code] = /^(e\d{3})_started$/.exec(base) ?? [];
  const [, start] = /^hours_since_start_(\d)$/.exec(feature) ?? [];
  const [what, tell] = Object.hasOwn(CODES, code ?? "")
    ? [`${CODES[code]} began`, times]
    : Object.hasOwn(SAID, base)
    ? SAID[base]
    : start !== undefined
    ? [`Since ${STARTS[start - 1] ?? `error ${start} before now`} error began`, hours]
    : [words(base), number];
  const when = span ? ` ${SPANS[span]}` : "";
  return { what: `${what}${when}`, tell };
}
