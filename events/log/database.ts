/**
 * The door to PostgreSQL: how every connection reads moments and positions.
 *
 * bigint arrives as number (positions stay below 2^53), timestamptz as epoch milliseconds with
 * microseconds in the fraction (`events/instant.ts`), both ways.
 */
import postgres, { type Sql } from "postgres";
import { formatInstant, parseInstant } from "../instant.ts";

export type { Sql, TransactionSql } from "postgres";

export interface ConnectOptions {
  /** `postgres://…`; or the folder of a Unix socket with `path`. */
  readonly url?: string | undefined;
  readonly socket?: { readonly path: string; readonly database: string; readonly user: string };
  readonly connectionsMax?: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
}

export function connect({ url, socket, connectionsMax = 4, name }: ConnectOptions): Sql {
  const options = {
    max: connectionsMax,
    onnotice: () => {},
    connect_timeout: 10,
    max_lifetime: null,
    connection: { application_name: `telltale ${name}`, TimeZone: "UTC", DateStyle: "ISO" },
    types: {
      bigint: { to: 20, from: [20], serialize: String, parse: Number },
      date: {
        to: 1184,
        from: [1184],
        serialize: (value: unknown) =>
          typeof value === "number"
            ? sqlInstant(value)
            : value instanceof Date
            ? sqlInstant(value.getTime())
            : value,
        parse: readSqlInstant,
      },
    },
  };
  const sql = socket
    ? postgres(
      { ...options, path: socket.path, user: socket.user, database: socket.database } as never,
    )
    : postgres(url ?? "", options as never);
  return sql as unknown as Sql;
}

const ZONE = "+00";

/** The second printed last: the reports of a batch share few. */
let lastSecond = NaN;
let lastSecondText = "";

/** What follows the second, for each millisecond in it: nearly every moment is a whole one. */
const MILLISECONDS = Array.from({ length: 1000 }, (_, ms) => fractionText(ms * 1000));

/** A moment as PostgreSQL prints it in UTC: `2026-01-01 00:00:00.123+00`, no trailing zeros. */
export function sqlInstant(ms: number): string {
  const micros = Math.round(ms * 1000);
  const second = Math.floor(micros / 1_000_000);
  if (second !== lastSecond) {
    const iso = formatInstant(second * 1000);
    lastSecondText = `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
    lastSecond = second;
  }
  const fraction = micros - second * 1_000_000;
  return lastSecondText +
    (fraction % 1000 === 0 ? MILLISECONDS[fraction / 1000] : fractionText(fraction));
}

/** Of so many microseconds. */
function fractionText(micros: number): string {
  if (micros === 0) return ZONE;
  return `.${String(micros).padStart(6, "0").replace(/0+$/, "")}${ZONE}`;
}

const SECOND_LENGTH = "2026-01-01 00:00:00".length;

/** The number of such a text. Without a pattern: the log is read by the million, two in every row. */
function readSqlInstant(text: string): number {
  const end = text.length - ZONE.length;
  // Years beyond four digits, `infinity`: not ours, but a database may hold them.
  if (end < SECOND_LENGTH || text[10] !== " " || !text.endsWith(ZONE)) {
    return parseInstant(text) ?? NaN;
  }
  const second = Date.UTC(
    digits(text, 0, 4),
    digits(text, 5, 7) - 1,
    digits(text, 8, 10),
    digits(text, 11, 13),
    digits(text, 14, 16),
    digits(text, 17, 19),
  );
  if (end === SECOND_LENGTH) return second;
  const from = SECOND_LENGTH + 1;
  return second + digits(text, from, end) * 10 ** (6 - (end - from)) / 1000;
}

function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) number = number * 10 + text.charCodeAt(i) - 48;
  return number;
}
