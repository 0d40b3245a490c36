/** What the environment says, checked: every variable that is wrong is named at once. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { KEPT_BY_DEFAULT } from "../projections/retention.ts";
import { nextRun, RecurrenceError } from "../reports/cron.ts";
import { type Config, UserError } from "./command.ts";

const PORT = "expected a port, 1 to 65535";
const PARTITIONS_MAX = 64;
const RETENTION_DAYS_MAX = 36_500;

/** Digits only: `Number` would take "", "0x10" and "1e3" for numbers too. */
function whole(min: number, max: number, expected: string): z.ZodType<number> {
  return z.string().regex(/^\d{1,9}$/, expected).transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}

function days(): z.ZodType<number> {
  return whole(
    1,
    RETENTION_DAYS_MAX,
    `expected a whole number of days, 1 to ${RETENTION_DAYS_MAX}`,
  );
}

/** Both at once: a moment is one of an expression in a zone. */
function recurrence(
  { TRAIN_FAILURE_CRON: cron, TRAIN_FAILURE_ZONE: zone }: {
    readonly TRAIN_FAILURE_CRON?: string | undefined;
    readonly TRAIN_FAILURE_ZONE: string;
  },
  context: z.RefinementCtx,
): void {
  if (cron === undefined) return;
  try {
    nextRun(cron, zone, 0);
  } catch (error) {
    if (!(error instanceof RecurrenceError)) throw error;
    const name = error.field === "cron" ? "TRAIN_FAILURE_CRON" : "TRAIN_FAILURE_ZONE";
    context.addIssue({ code: "custom", path: [name], message: error.message });
  }
}

function url(pattern: RegExp, expected: string): z.ZodType<string> {
  return z.string().refine((text) => pattern.test(text) && URL.canParse(text), expected);
}

const Environment = z.object({
  HOST: z.string().regex(/^[A-Za-z0-9.:_-]+$/, "expected a host name or an address")
    .default("127.0.0.1"),
  PORT: whole(1, 65_535, PORT).default(8000),
  NATS_PORT: whole(1, 65_535, PORT).default(4222),
  DATA_DIR: z.string().optional(),
  DATABASE_URL: url(/^postgres(ql)?:\/\//, "expected postgres://user:password@host:port/database")
    .optional(),
  NATS_URL: z.string().refine(
    (text) => text.split(",").every((one) => URL.canParse(one) && /^(nats|tls):\/\//.test(one)),
    "expected nats://host:port, or several separated by commas",
  ).optional(),
  KV_URL: url(/^https?:\/\//, "expected the https:// address of a KV Connect server").optional(),
  PARTITIONS: whole(1, PARTITIONS_MAX, `expected a whole number, 1 to ${PARTITIONS_MAX}`)
    .default(1),
  REPORT_RETENTION_DAYS: days().default(30),
  TRAIN_FAILURE_CRON: z.string().optional(),
  TRAIN_FAILURE_ZONE: z.string().default("UTC"),
  TREND_MINUTES_DAYS: days().default(KEPT_BY_DEFAULT.trendMinutesDays),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"], "expected debug, info, warn or error")
    .default("info"),
}).superRefine(recurrence);

/** These may hold a password, and are not shown. */
const SECRET = new Set(["DATABASE_URL", "NATS_URL", "KV_URL"]);

/** Beside the program, from wherever that is called. */
const DATA_DIR = fileURLToPath(new URL("../data", import.meta.url));

/** Throws UserError with one line for each variable that is wrong. An empty one counts as not set. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const { success, data, error } = Environment.safeParse(given);
  if (!success) {
    throw new UserError(
      error.issues.map(({ path, message }) => {
        const name = String(path[0]);
        return `Cannot use ${SECRET.has(name) ? name : `${name}="${given[name]}"`}: ${message}`;
      }).join("\n"),
    );
  }
  return {
    host: data.HOST,
    port: data.PORT,
    natsPort: data.NATS_PORT,
    dataDir: data.DATA_DIR === undefined ? DATA_DIR : resolve(data.DATA_DIR),
    databaseUrl: data.DATABASE_URL,
    natsUrl: data.NATS_URL,
    kvUrl: data.KV_URL,
    partitions: data.PARTITIONS,
    reportRetentionDays: data.REPORT_RETENTION_DAYS,
    keep: { ...KEPT_BY_DEFAULT, trendMinutesDays: data.TREND_MINUTES_DAYS },
    trainFailure: data.TRAIN_FAILURE_CRON === undefined
      ? undefined
      : { cron: data.TRAIN_FAILURE_CRON, zone: data.TRAIN_FAILURE_ZONE },
    logLevel: data.LOG_LEVEL,
  };
}
