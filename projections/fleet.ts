/** The fleet in numbers. Answers: how many are up, where, and how are they on average? */
import type { Sql } from "../events/log/database.ts";
import { activityStats } from "./activity.ts";
import { countOpenAlarms } from "./alarms.ts";
import { devices } from "./devices.ts";

/** Devices of one kind, region and status whose newest reports measure the same things. */
interface Group {
  readonly kind: string;
  readonly region: string | null;
  readonly status: string | null;
  readonly decommissioned: boolean;
  readonly devices: number;
  readonly silent: number;
  readonly withOpenAlarms: number;
  readonly measures: readonly string[];
  /** One for each measure; null for the places beyond. */
  readonly sums: readonly (number | null)[];
}

export interface FleetKpis {
  readonly devices: number;
  readonly silent: number;
  readonly withOpenAlarms: number;
  readonly decommissioned: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly byRegion: Readonly<Record<string, number>>;
  /** Per kind, as statuses of different kinds mean different things. */
  readonly byStatus: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Per kind and metric, the mean of every device's newest report. */
  readonly averages: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Decommissioned devices are counted once, as such, and nowhere else. */
export async function fleetKpis(sql: Sql): Promise<FleetKpis> {
  const groups = await readGroups(sql);
  const kpis = {
    devices: 0,
    silent: 0,
    withOpenAlarms: 0,
    decommissioned: 0,
    byKind: {} as Record<string, number>,
    byRegion: {} as Record<string, number>,
    byStatus: {} as Record<string, Record<string, number>>,
    averages: averagesOf(groups.filter(({ decommissioned }) => !decommissioned)),
  };
  for (const group of groups) {
    if (group.decommissioned) {
      kpis.decommissioned += group.devices;
      continue;
    }
    kpis.devices += group.devices;
    kpis.silent += group.silent;
    kpis.withOpenAlarms += group.withOpenAlarms;
    increase(kpis.byKind, group.kind, group.devices);
    if (group.region !== null) increase(kpis.byRegion, group.region, group.devices);
    increase(kpis.byStatus[group.kind] ??= {}, group.status ?? "unknown", group.devices);
  }
  return kpis;
}

function increase(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** No report has more measures than this: an ATM's has nine, a machine's eight of one bearing. */
const MEASURES_MAX = 9;
const SUMS = Array.from({ length: MEASURES_MAX }, (_, i) => `sum(measure_values[${i + 1}])`);

/** One look at every device. Taking their measures apart first would cost three times as much. */
async function readGroups(sql: Sql): Promise<Group[]> {
  return await sql<Group[]>`
    select kind, region, status, decommissioned, count(*) as devices,
      count(*) filter (where silent) as silent,
      count(*) filter (where open_alarms > 0) as "withOpenAlarms",
      measure_names as measures, array[${sql.unsafe(SUMS.join(", "))}] as sums
    from ${sql(devices.name)}
    group by kind, region, status, decommissioned, measure_names
    order by kind, region, status, measure_names`;
}

/** A machine's metrics are told apart by bearing; over a fleet only their names without it compare. */
function averagesOf(groups: readonly Group[]): Record<string, Record<string, number>> {
  const totals = new Map<string, Map<string, { sum: number; devices: number }>>();
  for (const { kind, measures, sums, devices } of groups) {
    if (measures.length === 0) continue;
    const ofKind = totals.get(kind) ?? new Map<string, { sum: number; devices: number }>();
    totals.set(kind, ofKind);
    for (const [place, sum] of sums.entries()) {
      const metric = measures[place];
      if (metric === undefined || sum === null) break;
      const name = kind === "machine" ? withoutBearing(metric) : metric;
      const before = ofKind.get(name) ?? { sum: 0, devices: 0 };
      ofKind.set(name, { sum: before.sum + sum, devices: before.devices + devices });
    }
  }
  return Object.fromEntries([...totals].map(([kind, metrics]) => [
    kind,
    Object.fromEntries([...metrics].map(([name, { sum, devices }]) => [name, sum / devices])),
  ]));
}

const MACHINE_METRIC =
  /(?:^|\.)(acceleration\.(?:rms|peak|crestFactor|kurtosis)|velocity\.(?:rms|peak|crestFactor)|temperature)$/;

function withoutBearing(metric: string): string {
  return MACHINE_METRIC.exec(metric)?.[1] ?? metric;
}

export interface AtmDashboard {
  readonly total: number;
  readonly online: number;
  readonly offline: number;
  readonly error: number;
  /** Reports since midnight UTC: what an ATM tells us of, transactions being its bank's. */
  readonly reportsToday: number;
  /** Percent; null while no ATM has told its level. */
  readonly averageCashLevel: number | null;
  readonly criticalAlarms: number;
}

export async function atmDashboard(sql: Sql, now: number): Promise<AtmDashboard> {
  const [[counts], activity, open] = await Promise.all([
    sql<Omit<AtmDashboard, "reportsToday" | "criticalAlarms">[]>`
      select count(*) as total,
        count(*) filter (where status = 'online') as online,
        count(*) filter (where status = 'offline') as offline,
        count(*) filter (where status = 'error') as error,
        avg(measure_values[array_position(measure_names, 'cash_level_percent')])
          as "averageCashLevel"
      from ${sql(devices.name)} where kind = 'atm' and not decommissioned`,
    activityStats(sql, "atm", now),
    countOpenAlarms(sql, "atm"),
  ]);
  if (counts === undefined) throw new Error("Cannot count the ATMs");
  return { ...counts, reportsToday: activity.today, criticalAlarms: open.critical ?? 0 };
}

/** ATMs in service that are alike in what they last reported, and where they are. */
export interface AtmGroup {
  /** "unknown" where it never reported, or nobody said where it is. */
  readonly status: string;
  readonly region: string;
  /** Whole percent; null where none was told. */
  readonly cashLevel: number | null;
  readonly count: number;
}

export async function groupAtms(sql: Sql): Promise<AtmGroup[]> {
  return await sql<AtmGroup[]>`
    select coalesce(status, 'unknown') as status, coalesce(region, 'unknown') as region,
      floor(measure_values[array_position(measure_names, 'cash_level_percent')])::integer
        as "cashLevel", count(*) as count
    from ${sql(devices.name)} where kind = 'atm' and not decommissioned group by 1, 2, 3`;
}
