/** The ATM fleet in numbers, under its own paths: computed, every one of them. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { dateOf, DAY_MS, formatInstant } from "../../events/instant.ts";
import type { Sql } from "../../events/log/database.ts";
import { countPerDay } from "../../projections/activity.ts";
import { atmDashboard, type AtmGroup, groupAtms } from "../../projections/fleet.ts";
import { countBy, Counts } from "../counts.ts";
import type { Deps } from "../deps.ts";
import { createRouter } from "../router.ts";
import { Instant, json, problems } from "../schemas.ts";

const dashboard = createRoute({
  method: "get",
  path: "/dashboard/stats",
  operationId: "getAtmDashboard",
  summary: "The ATM fleet now",
  tags: ["ATM monitoring"],
  responses: {
    200: json(
      z.object({
        total_atms: z.int(),
        online_atms: z.int(),
        offline_atms: z.int(),
        error_atms: z.int(),
        total_transactions_today: z.int()
          .openapi({ description: "Reports received today, UTC." }),
        avg_cash_level: z.number().nullable(),
        critical_alerts: z.int(),
        last_updated: Instant,
      }),
      "Counts",
    ),
    ...problems(503),
  },
});

const Level = z.object({ range: z.string(), count: z.int() });

const analytics = createRoute({
  method: "get",
  path: "/analytics/data",
  operationId: "getAtmAnalytics",
  summary: "The ATM fleet by cash level, status, region and day",
  tags: ["ATM monitoring"],
  responses: {
    200: json(
      z.object({
        overview: z.object({
          total_atms: z.int(),
          online_atms: z.int(),
          avg_cash_level: z.number().nullable(),
          critical_alerts: z.int(),
        }),
        cash_levels: z.array(Level),
        status_data: Counts,
        region_data: Counts,
        weekly_trends: z.array(z.object({ date: z.iso.date(), reports: z.int() }))
          .openapi({ description: "The last seven days, UTC, today included." }),
        last_updated: Instant,
      }),
      "Distributions",
    ),
    ...problems(503),
  },
});

export function atmDashboardRoutes({ sql, now }: Pick<Deps, "sql" | "now">): OpenAPIHono {
  const app = createRouter();

  app.openapi(dashboard, async (c) => {
    const fleet = await atmDashboard(sql, now());
    return c.json({
      total_atms: fleet.total,
      online_atms: fleet.online,
      offline_atms: fleet.offline,
      error_atms: fleet.error,
      total_transactions_today: fleet.reportsToday,
      avg_cash_level: rounded(fleet.averageCashLevel),
      critical_alerts: fleet.criticalAlarms,
      last_updated: formatInstant(now()),
    }, 200);
  });

  app.openapi(analytics, async (c) => {
    const [fleet, groups, week] = await Promise.all([
      atmDashboard(sql, now()),
      groupAtms(sql),
      reportsPerDay(sql, now()),
    ]);
    return c.json({
      overview: {
        total_atms: fleet.total,
        online_atms: fleet.online,
        avg_cash_level: rounded(fleet.averageCashLevel),
        critical_alerts: fleet.criticalAlarms,
      },
      cash_levels: cashLevels(groups),
      status_data: countBy(groups, ({ status }) => status),
      region_data: countBy(groups, ({ region }) => region),
      weekly_trends: week,
      last_updated: formatInstant(now()),
    }, 200);
  });

  return app;
}

const LEVELS = [["<20", 20], ["20-50", 50], ["50-80", 80], [">=80", Infinity]] as const;

/** ATMs that have told their level, by percent. */
function cashLevels(groups: readonly AtmGroup[]): z.infer<typeof Level>[] {
  const levels = LEVELS.map(([range]) => ({ range, count: 0 }));
  for (const { cashLevel, count } of groups) {
    if (cashLevel === null) continue;
    const level = levels[LEVELS.findIndex(([, below]) => cashLevel < below)];
    if (level !== undefined) level.count += count;
  }
  return levels;
}

/** Of the last seven days, today included; a day without any has none. */
async function reportsPerDay(
  sql: Sql,
  now: number,
): Promise<{ date: string; reports: number }[]> {
  const today = now - now % DAY_MS;
  const counts = await countPerDay(sql, "atm", { from: today - 6 * DAY_MS, to: now });
  return [6, 5, 4, 3, 2, 1, 0].map((ago) => {
    const day = today - ago * DAY_MS;
    return { date: dateOf(formatInstant(day)), reports: counts.get(day) ?? 0 };
  });
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
