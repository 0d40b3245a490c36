/** The features computed the slow way, from the list of all records: what the fast way must equal. */
import type { Report } from "../../../models/features/mod.ts";

const STATUSES = ["online", "offline", "error", "maintenance"];
const CRITICAL = ["E002", "E004", "E005", "E007", "E010"];
const BUCKET_MS = 600_000;
const HOUR_MS = 3_600_000;

/** Reports in the order of time, none later than the moment, of an ATM without peers. */
export function plainFeatures(reports: readonly Report[], at: number): Map<string, number> {
  const latest = reports.at(-1);
  const before = reports.slice(0, -1);
  const within = (hours: number) =>
    before.filter((report) => bucket(report.at) > bucket(at) - hours * 6);
  const day = within(24);
  const current = latest && at - latest.at <= 24 * HOUR_MS ? latest.data : {};
  const found = new Map<string, number>();

  for (const [name, status] of [["online", 0], ["error", 2], ["offline", 1], ["maintenance", 3]]) {
    found.set(`${name}_ratio`, share(day, "status", (value) => value === STATUSES[Number(status)]));
  }
  const cash = numbers(day, "cash_level_percent");
  found.set("cash_mean", mean(cash)).set("cash_min", min(cash)).set("cash_sd", sd(cash));
  found.set("cash_low_ratio", mean(cash.map((value) => Number(value < 20))));
  const heat = numbers(day, "temperature_celsius");
  found.set("temperature_mean", mean(heat)).set("temperature_max", max(heat));
  found.set("temperature_sd", sd(heat));
  found.set("temperature_off_ratio", mean(heat.map((value) => Number(value > 35 || value < 5))));
  const cpu = numbers(day, "cpu_usage_percent");
  found.set("cpu_mean", mean(cpu)).set("cpu_max", max(cpu));
  found.set("cpu_high_ratio", mean(cpu.map((value) => Number(value > 80))));
  const memory = numbers(day, "memory_usage_percent");
  found.set("memory_mean", mean(memory)).set("memory_max", max(memory));
  found.set("memory_high_ratio", mean(memory.map((value) => Number(value > 85))));
  found.set("disconnected_ratio", share(day, "network_status", (v) => v === "disconnected"));
  found.set("error_code_ratio", mean(day.map(({ data }) => Number(Boolean(data.error_code)))));
  found.set("critical_code_ratio", mean(day.map(({ data }) => Number(isCritical(data)))));
  found.set("current_status", current.status ? STATUSES.indexOf(String(current.status)) : NaN);
  found.set("current_cash", numberIn(current, "cash_level_percent"));
  found.set("current_temperature", numberIn(current, "temperature_celsius"));
  found.set("current_cpu", numberIn(current, "cpu_usage_percent"));
  found.set("current_memory", numberIn(current, "memory_usage_percent"));
  found.set("current_latency_seconds", numberIn(current, "network_latency_ms") / 1000);
  found.set("current_critical", current.status ? Number(isCritical(current)) : NaN);

  for (const hours of [1, 6, 24]) {
    const span = within(hours);
    const latency = numbers(span, "network_latency_ms");
    found.set(`latency_mean_${hours}h`, mean(latency)).set(`latency_sd_${hours}h`, sd(latency));
    found.set(`unstable_ratio_${hours}h`, share(span, "network_status", (v) => v === "unstable"));
    const turns = reports.slice(1).map(({ at, data }, i) => ({ at, data, was: reports[i]?.data }))
      .concat(reports.slice(0, 1).map(({ at, data }) => ({ at, data, was: undefined })))
      .filter((turn) => bucket(turn.at) > bucket(at) - hours * 6);
    const known = span.length === 0 ? NaN : 0;
    const starts = turns.filter(({ data, was }) =>
      data.error_code && data.error_code !== was?.error_code
    );
    found.set(`errors_started_${hours}h`, known + starts.length);
    for (let code = 1; code <= 10; code++) {
      const name = `E${String(code).padStart(3, "0")}`;
      const own = starts.filter(({ data }) => data.error_code === name).length;
      found.set(`${name.toLowerCase()}_started_${hours}h`, known + own);
    }
    const restarts = turns.filter(({ data, was }) =>
      was !== undefined && Number(data.uptime_seconds) < Number(was.uptime_seconds)
    );
    found.set(`restarts_${hours}h`, known + restarts.length);
    if (hours === 24) continue;
    const heat = numbers(span, "temperature_celsius");
    found.set(`temperature_mean_${hours}h`, mean(heat));
    found.set(`temperature_sd_${hours}h`, sd(heat));
    found.set(`cpu_mean_${hours}h`, mean(numbers(span, "cpu_usage_percent")));
    found.set(`memory_mean_${hours}h`, mean(numbers(span, "memory_usage_percent")));
    const errors = span.map(({ data }) => Number(Boolean(data.error_code)));
    found.set(`error_code_ratio_${hours}h`, mean(errors));
    const cut = share(span, "network_status", (value) => value === "disconnected");
    found.set(`disconnected_ratio_${hours}h`, cut);
  }
  const value = (name: string) => found.get(name) ?? NaN;
  found.set("temperature_change", value("temperature_mean_1h") - value("temperature_mean"));
  found.set("cpu_change", value("cpu_mean_1h") - value("cpu_mean"));
  found.set("latency_ratio", value("latency_mean_1h") / value("latency_mean_24h"));
  for (
    const [name, field] of [
      ["cash", "cash_level_percent"],
      ["temperature", "temperature_celsius"],
      ["cpu", "cpu_usage_percent"],
      ["memory", "memory_usage_percent"],
      ["latency", "network_latency_ms"],
    ] as const
  ) found.set(`${name}_slope`, slope(within(6), field, at));

  const yesterday = within(24).filter((report) => bucket(report.at) <= bucket(at) - 23 * 6);
  for (
    const [name, field] of [
      ["temperature", "temperature_celsius"],
      ["cpu", "cpu_usage_percent"],
    ] as const
  ) {
    const before = mean(numbers(yesterday, field));
    found.set(`${name}_since_yesterday`, value(`${name}_mean_1h`) - before);
  }

  const since = (is: (data: Report["data"]) => boolean) =>
    (at - max(reports.filter(({ data }) => is(data)).map((report) => report.at))) / HOUR_MS;
  found.set("hours_since_error", since(({ error_code }) => Boolean(error_code)));
  found.set("hours_since_critical", since(isCritical));
  found.set("hours_since_offline", since(({ status }) => status === "offline"));
  found.set("hours_since_maintenance", since(({ status }) => status === "maintenance"));
  const starts = reports.filter(({ data }, i) =>
    data.error_code && data.error_code !== reports[i - 1]?.data.error_code
  );
  for (const last of [1, 2, 3, 4]) {
    found.set(`hours_since_start_${last}`, (at - (starts.at(-last)?.at ?? NaN)) / HOUR_MS);
  }
  found.set("uptime_hours", numberIn(current, "uptime_seconds") / 3600);
  for (const name of ["temperature", "latency", "unstable"]) found.set(`${name}_beside_peers`, NaN);
  found.set("peers_disconnected", NaN);
  found.set("minutes_since_report", (at - (latest?.at ?? NaN)) / 60_000);
  return found;
}

function bucket(at: number): number {
  return Math.floor(at / BUCKET_MS);
}

function isCritical({ error_code: code }: Report["data"]): boolean {
  return CRITICAL.includes(String(code));
}

function numberIn(data: Report["data"], field: string): number {
  const value = data[field];
  return typeof value === "number" ? value : NaN;
}

function numbers(reports: readonly Report[], field: string): number[] {
  return reports.map(({ data }) => numberIn(data, field)).filter((value) => !Number.isNaN(value));
}

function share(
  reports: readonly Report[],
  field: string,
  is: (value: unknown) => boolean,
): number {
  const known = reports.filter(({ data }) => data[field] !== undefined && data[field] !== null);
  return mean(known.map(({ data }) => Number(is(data[field]))));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sd(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

function min(values: readonly number[]): number {
  return values.length === 0 ? NaN : Math.min(...values);
}

function max(values: readonly number[]): number {
  return values.length === 0 ? NaN : Math.max(...values);
}

/** Least squares through the means of ten minutes, each as often as it has values. */
function slope(reports: readonly Report[], field: string, at: number): number {
  const points: [x: number, y: number][] = [];
  for (const [place, own] of Map.groupBy(reports, (report) => bucket(report.at))) {
    const values = numbers(own, field);
    for (let i = 0; i < values.length; i++) points.push([(place - bucket(at)) / 6, mean(values)]);
  }
  const x0 = mean(points.map(([x]) => x));
  const y0 = mean(points.map(([, y]) => y));
  const xx = points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
  const xy = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return xx > 1e-9 ? xy / xx : NaN;
}
