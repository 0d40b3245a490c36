/**
 * Every score there was, by device, part and day. Answers: how did the risk of one device come
 * about?
 *
 * A day is one row, packed, because ten thousand devices that are scored every quarter of an hour
 * are scored 350 million times a year, and in the log those of one device lie far apart.
 *
 *     at  uint32, ms of the day · probability  float32 · model  uint8, place among the row's models
 */
import type { Sql } from "../events/log/database.ts";
import { deviceStreamOf, type Risk } from "../events/inference.ts";
import { storable } from "../events/text.ts";
import { partOf } from "./foretold.ts";
import { forgetRows } from "./old_rows.ts";
import type { Projection } from "./projection.ts";

const DAY_MS = 86_400_000;
const SCORE_BYTES = 9;
/** More than that on one day are scored by the last of them that has a place. */
const MODELS_MAX = 256;
/** A device that is scored on every critical code must not grow its row for ever. */
const SCORES_MAX = 2_000;

interface ScoredDay {
  readonly stream: string;
  readonly part: string;
  /** UTC, in days since 1970. */
  readonly day: number;
  readonly models: string[];
  count: number;
  /** Has room for more than `count`. */
  bytes: Uint8Array;
}

type Place = readonly [stream: string, part: string, day: number];

export const riskScores: Projection<ScoredDay> = {
  name: "risk_scores",
  version: 1,
  handles: new Set(["RiskScored"]),

  create: (table) => `
    create table ${table} (
      stream text collate "C" not null,
      part text collate "C" not null,
      day integer not null,
      models text[] not null,
      count integer not null,
      scores bytea not null,
      primary key (stream, part, day)
    ) with (fillfactor = 70);
    create index on ${table} (stream, day)`,

  keysOf({ stream, data, occurredAt }) {
    const place: Place = [
      deviceStreamOf(stream),
      storable(partOf(data)),
      Math.floor(occurredAt / DAY_MS),
    ];
    return [JSON.stringify(place)];
  },

  async load(sql, table, keys) {
    const places = keys.map((key) => JSON.parse(key) as Place);
    const rows = await sql<(ScoredDay & { key: string })[]>`
      select wanted.key, stream, part, day, models, count, scores as bytes
      from ${sql(table)} join unnest(
        ${[...keys]}::text[], ${places.map((place) => place[0])}::text[],
        ${places.map((place) => place[1])}::text[], ${places.map((place) => place[2])}::integer[]
      ) as wanted (key, stream, part, day) using (stream, part, day)`;
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  },

  fold(row, { data, occurredAt }, key) {
    const day = row ?? begin(JSON.parse(key) as Place);
    if (day.count < SCORES_MAX) add(day, data as unknown as Risk, occurredAt);
    return day;
  },

  async save(tx, table, rows) {
    const values = [...rows.values()].map((row) => ({
      s: row.stream,
      p: row.part,
      d: row.day,
      m: row.models,
      c: row.count,
      r: row.bytes.subarray(0, row.count * SCORE_BYTES).toBase64(),
    }));
    await tx`
      insert into ${tx(table)} (stream, part, day, models, count, scores)
      select s, p, d, array(select json_array_elements_text(m)), c, decode(r, 'base64')
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        s text, p text, d integer, m json, c integer, r text)
      on conflict (stream, part, day) do update set
        models = excluded.models, count = excluded.count, scores = excluded.scores`;
  },

  forgetOld: (sql, table, what) =>
    forgetRows(sql, table, what, { column: "day", days: what.keep.readingDays }),
};

function begin([stream, part, day]: Place): ScoredDay {
  return { stream, part, day, models: [], count: 0, bytes: new Uint8Array(4 * SCORE_BYTES) };
}

function add(day: ScoredDay, { probability, model }: Risk, occurredAt: number): void {
  if (day.bytes.length < (day.count + 1) * SCORE_BYTES) {
    const wider = new Uint8Array(2 * (day.count + 1) * SCORE_BYTES);
    wider.set(day.bytes);
    day.bytes = wider;
  }
  const name = storable(model);
  let place = day.models.indexOf(name);
  if (place < 0 && day.models.length < MODELS_MAX) place = day.models.push(name) - 1;
  const view = viewOf(day.bytes, day.count);
  view.setUint32(0, Math.floor(occurredAt - day.day * DAY_MS));
  view.setFloat32(4, probability);
  view.setUint8(8, place < 0 ? MODELS_MAX - 1 : place);
  day.count++;
}

function viewOf(bytes: Uint8Array, index: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + index * SCORE_BYTES, SCORE_BYTES);
}

export interface Score {
  /** Epoch ms, to the millisecond. */
  readonly at: number;
  /** "" for the whole device. */
  readonly part: string;
  readonly probability: number;
  readonly model: string;
}

export interface ScoreQuery {
  readonly kind: string;
  readonly id: string;
  readonly part?: string | undefined;
  /** [from, to), epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

const ROWS_AT_ONCE = 100;

/** The newest of the range, oldest first. */
export async function listScores(sql: Sql, query: ScoreQuery): Promise<Score[]> {
  const { from, limit } = query;
  const found: Score[] = [];
  for (let before = Math.floor((query.to - 1) / DAY_MS) + 1; found.length < limit;) {
    const rows = await daysBefore(sql, query, before);
    const oldest = rows.at(-1);
    if (oldest === undefined) break;
    // Of the oldest day some parts may be on the next page: it is read again with them.
    const full = rows.length === ROWS_AT_ONCE && oldest.day !== rows[0]?.day;
    for (const row of rows) if (!full || row.day !== oldest.day) collect(row, query, found);
    if (rows.length < ROWS_AT_ONCE) break;
    before = full ? oldest.day + 1 : oldest.day;
    if (before * DAY_MS <= from) break;
  }
  return found.sort((a, b) => a.at - b.at || (a.part < b.part ? -1 : 1)).slice(-limit);
}

async function daysBefore(sql: Sql, query: ScoreQuery, before: number): Promise<ScoredDay[]> {
  const { kind, id, part, from } = query;
  return await sql<ScoredDay[]>`
    select stream, part, day, models, count, scores as bytes from risk_scores
    where stream = ${`${kind}-${id}`} and day < ${before}
      and day >= ${Math.floor(from / DAY_MS)}
      ${part === undefined ? sql`` : sql`and part = ${storable(part)}`}
    order by day desc, part limit ${ROWS_AT_ONCE}`;
}

function collect(row: ScoredDay, { from, to }: ScoreQuery, into: Score[]): void {
  for (let i = 0; i < row.count; i++) {
    const view = viewOf(row.bytes, i);
    const at = row.day * DAY_MS + view.getUint32(0);
    if (at < from || at >= to) continue;
    into.push({
      at,
      part: row.part,
      probability: fromFloat32(view.getFloat32(4)),
      model: row.models[view.getUint8(8)] ?? "",
    });
  }
}

/** Without the digits that a float32 does not have. */
function fromFloat32(value: number): number {
  return Number(value.toPrecision(7));
}
