/**
 * What claims were worth, by kind, model and day. Answers: of what was foretold, how much came true,
 * how early, and does a probability of 30 % happen in 3 of 10 cases?
 *
 * What a score was worth is known hours later, and a year of ten thousand devices are 350 million
 * scores. So there are two sorts of rows. A row of a device and part holds what is not decided yet;
 * what gets decided is counted there until the row is written, and with it, in the same
 * transaction, added to the row of its kind, model and day. Counts are whole numbers, so the sums
 * are the same to the last bit however the events were cut into flushes.
 */
import type { RecordedEvent } from "../events/event.ts";
import { deviceStreamOf, type Risk } from "../events/inference.ts";
import { parseInstant } from "../events/instant.ts";
import type { Sql, TransactionSql } from "../events/log/database.ts";
import { storable } from "../events/text.ts";
import { deviceOf, type Json } from "../events/vocabulary.ts";
import { partOf } from "./foretold.ts";
import type { Projection } from "./projection.ts";
import { countDecided, countLead, COUNTS, emptyCounts, N, UNITS } from "./scoreboard_counts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A failure is certain when it is served, at most so long after it began. */
const KNOWN_AFTER_MS = 4 * HOUR_MS;
/** Numbers of an open score. */
const FIELDS = 4;
/** Scores of one device that may be open at a time: those that come closer together are left out. */
const OPEN_MAX = 256;

/** Moments are epoch milliseconds; models are places in `models`. */
interface Watched {
  models: string[];
  /** Scores whose outcome is open, oldest first: moment, units, horizon in ms, model, and the next. */
  open: number[];
  /** Predictions that were not scored yet. */
  foretold: [prediction: string, at: number, model: number][];
  /** The last hour in which it was scored, since 1970. */
  hour: number | null;
  /** The last failure that some prediction foretold: when it began, and where it was counted. */
  caught: [failureAt: number, at: number, model: string] | null;
  /** By model and day, what to add to the totals; not kept. */
  decided: Map<string, number[]>;
}

export const scoreboard: Projection<Watched> = {
  name: "scoreboard",
  version: 1,
  handles: new Set(["RiskScored", "FailurePredicted", "PredictionScored"]),

  // The owner is a device's stream, with model "" and day 0; or, of totals, a kind.
  create: (table) => `
    create table ${table} (
      owner text collate "C" not null,
      part text collate "C" not null,
      model text collate "C" not null,
      day integer not null,
      watched json,
      counts bigint[],
      primary key (owner, part, model, day)
    ) with (fillfactor = 70);
    create index on ${table} (owner, day) where counts is not null`,

  keysOf({ stream, data }) {
    return [JSON.stringify([deviceStreamOf(stream), storable(partOf(data))])];
  },

  async load(sql, table, keys) {
    const places = keys.map(placeOf);
    const rows = await sql<{ key: string; watched: Omit<Watched, "decided"> }[]>`
      select wanted.key, watched from ${sql(table)} join unnest(
        ${[...keys]}::text[], ${places.map(([stream]) => stream)}::text[],
        ${places.map(([, part]) => part)}::text[]
      ) as wanted (key, owner, part) using (owner, part)
      where watched is not null`;
    return new Map(rows.map(({ key, watched }) => [key, { ...watched, decided: new Map() }]));
  },

  fold(row, event) {
    const watched = row ?? unwatched();
    if (event.type === "RiskScored") takeScore(watched, event);
    else if (event.type === "FailurePredicted") takePrediction(watched, event);
    else takeOutcome(watched, event);
    return watched;
  },

  async save(tx, table, rows) {
    const totals = new Map<string, number[]>();
    const values: Json[] = [];
    for (const [key, row] of rows) {
      const [owner, part] = placeOf(key);
      const { decided, ...watched } = row;
      values.push({ owner, part, watched: JSON.stringify(watched) });
      row.decided = new Map();
      for (const [place, counts] of decided) {
        const [model, day] = JSON.parse(place) as [string, number];
        addTo(totals, JSON.stringify([deviceOf(owner).kind, model, day]), counts);
      }
    }
    await tx`
      insert into ${tx(table)} (owner, part, model, day, watched)
      select owner, part, '', 0, watched::json
      from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
        owner text, part text, watched text)
      on conflict (owner, part, model, day) do update set watched = excluded.watched`;
    await addTotals(tx, table, totals);
  },
};

/** In one order, so that two processes never wait for one another. */
async function addTotals(
  tx: TransactionSql,
  table: string,
  totals: ReadonlyMap<string, number[]>,
): Promise<void> {
  if (totals.size === 0) return;
  const values = [...totals].sort(([a], [b]) => a < b ? -1 : 1).map(([place, counts]) => {
    const [owner, model, day] = JSON.parse(place) as [string, string, number];
    return { owner, model, day, counts: `{${counts.join()}}` };
  });
  await tx`
    insert into ${tx(table)} as kept (owner, part, model, day, counts)
    select owner, '', model, day, counts::bigint[]
    from json_to_recordset(${JSON.stringify(values)}::text::json) as row (
      owner text, model text, day integer, counts text)
    on conflict (owner, part, model, day) do update set counts = array(
      select a + b from unnest(kept.counts, excluded.counts) with ordinality as pair (a, b, n)
      order by n)`;
}

function addTo(into: Map<string, number[]>, place: string, counts: readonly number[]): void {
  const sum = into.get(place);
  if (sum === undefined) into.set(place, [...counts]);
  else counts.forEach((count, i) => sum[i] = (sum[i] as number) + count);
}

function placeOf(key: string): [stream: string, part: string] {
  return JSON.parse(key);
}

function unwatched(): Watched {
  return { models: [], open: [], foretold: [], hour: null, caught: null, decided: new Map() };
}

/** What is counted of a model on the day of a moment. */
function countsAt({ decided }: Watched, model: string, at: number): number[] {
  const place = JSON.stringify([model, Math.floor(at / DAY_MS)]);
  let counts = decided.get(place);
  if (counts === undefined) decided.set(place, counts = emptyCounts());
  return counts;
}

function add(watched: Watched, model: string, at: number, what: number, by = 1): void {
  const counts = countsAt(watched, model, at);
  counts[what] = (counts[what] as number) + by;
}

function takeScore(watched: Watched, { data, occurredAt: at }: RecordedEvent): void {
  const { probability, horizonHours, model: name } = data as unknown as Risk;
  const horizonMs = Math.round(horizonHours * HOUR_MS);
  decideOld(watched, at);
  const model = storable(name);
  const hour = Math.floor(at / HOUR_MS);
  if (watched.hour === null || hour > watched.hour) {
    watched.hour = hour;
    add(watched, model, at, N.hours);
  }
  const last = watched.open.at(-FIELDS);
  if (last !== undefined && at < last + (horizonMs + KNOWN_AFTER_MS) / OPEN_MAX) return;
  const place = placeOfModel(watched, model);
  watched.open.push(at, Math.round(probability * UNITS), horizonMs, place);
  add(watched, model, at, N.scores);
}

function placeOfModel(watched: Watched, model: string): number {
  const place = watched.models.indexOf(model);
  if (place >= 0) return place;
  forgetModels(watched);
  return watched.models.push(model) - 1;
}

/** Those of which nothing is open any more. */
function forgetModels(watched: Watched): void {
  const { open, foretold, models } = watched;
  const ofScores = open.filter((_, i) => i % FIELDS === FIELDS - 1);
  const used = [...new Set([...ofScores, ...foretold.map(([, , model]) => model)])];
  watched.open = open.map((value, i) => i % FIELDS === FIELDS - 1 ? used.indexOf(value) : value);
  for (const prediction of foretold) prediction[2] = used.indexOf(prediction[2]);
  watched.models = used.map((place) => models[place] ?? "");
}

type Which = (at: number, horizonMs: number) => boolean;

/** A device that was scored so long after was watched all the time a failure could become known. */
function decideOld(watched: Watched, now: number): void {
  const isOld: Which = (at, horizonMs) => at + horizonMs + KNOWN_AFTER_MS < now;
  const [at, , horizonMs] = watched.open;
  // As long as the oldest waits, so do the others.
  if (at !== undefined && horizonMs !== undefined && isOld(at, horizonMs)) {
    settle(watched, isOld, "well");
  }
}

/** Some scores are open no more: it has failed, or was well, or nobody can know. */
function settle(watched: Watched, which: Which, outcome: "failed" | "well" | "unknown"): void {
  const { open } = watched;
  const rest: number[] = [];
  for (let i = 0; i < open.length; i += FIELDS) {
    const at = open[i] as number;
    const units = open[i + 1] as number;
    const horizonMs = open[i + 2] as number;
    const model = open[i + 3] as number;
    if (!which(at, horizonMs)) rest.push(at, units, horizonMs, model);
    else if (outcome !== "unknown") {
      const counts = countsAt(watched, modelAt(watched, model), at);
      countDecided(counts, units, outcome === "failed");
    }
  }
  if (rest.length < open.length) watched.open = rest;
}

function modelAt({ models }: Watched, place: number): string {
  return models[place] ?? "";
}

function takePrediction(watched: Watched, { data, occurredAt: at }: RecordedEvent): void {
  const model = storable(String(data.model));
  const prediction = storable(String(data.prediction));
  watched.foretold.push([prediction, at, placeOfModel(watched, model)]);
  add(watched, model, at, N.predictions);
}

function takeOutcome(watched: Watched, { data, occurredAt }: RecordedEvent): void {
  const failureAt = parseInstant(String(data.failureAt));
  if (data.outcome === "miss") {
    const model = typeof data.model === "string" ? storable(data.model) : "";
    add(watched, model, failureAt ?? occurredAt, N.misses);
    takeBack(watched, failureAt);
  } else {
    scorePrediction(watched, data, failureAt);
  }
  if (failureAt !== undefined) {
    settle(watched, (at, horizonMs) => at < failureAt && failureAt <= at + horizonMs, "failed");
    // Of a device that has begun to fail there is nothing to foretell.
    settle(watched, (at) => failureAt <= at && at <= occurredAt, "unknown");
  } else if (data.outcome === "serviced") {
    // Whether it would have failed nobody knows.
    settle(
      watched,
      (at, horizonMs) => at <= occurredAt && occurredAt < at + horizonMs,
      "unknown",
    );
  }
}

const COUNTED = { "hit": N.hits, "false-alarm": N.falseAlarms, "serviced": N.serviced } as const;

function scorePrediction(watched: Watched, data: Json, failureAt: number | undefined): void {
  const place = watched.foretold.findIndex(([name]) => name === storable(String(data.prediction)));
  const [scored] = place < 0 ? [] : watched.foretold.splice(place, 1);
  // The actor scores only what it foretold, and once.
  if (scored === undefined) throw new Error(`"${data.prediction}" is no open prediction`);
  const [, at, modelPlace] = scored;
  const model = modelAt(watched, modelPlace);
  add(watched, model, at, COUNTED[data.outcome as keyof typeof COUNTED]);
  if (data.outcome !== "hit" || failureAt === undefined) return;
  countLead(countsAt(watched, model, at), failureAt - at);
  // A failure may be foretold twice: withdrawn, and predicted again.
  if (watched.caught?.[0] === failureAt) return;
  watched.caught = [failureAt, at, model];
  add(watched, model, at, N.caught);
}

/** Who foretold it was right, but had withdrawn it when it began: nobody was warned. */
function takeBack(watched: Watched, failureAt: number | undefined): void {
  if (watched.caught === null || watched.caught[0] !== failureAt) return;
  const [, at, model] = watched.caught;
  add(watched, model, at, N.caught, -1);
}

/** Whole days, UTC. */
export interface ScoreboardQuery {
  readonly kind?: string | undefined;
  readonly model?: string | undefined;
  /** Days since 1970, [from, to). */
  readonly from: number;
  readonly to: number;
}

export interface DayCounts {
  readonly kind: string;
  /** "" where a failure came of which no model had said anything. */
  readonly model: string;
  readonly day: number;
  /** As `scoreboard_counts.ts` reads them. */
  readonly counts: readonly number[];
}

/** What was counted, day by day in order. */
export async function readDayCounts(
  sql: Sql,
  kinds: readonly string[],
  { kind, model, from, to }: ScoreboardQuery,
): Promise<DayCounts[]> {
  const rows = await sql<{ kind: string; model: string; day: number; counts: string }[]>`
    select owner as kind, model, day, counts::text as counts from scoreboard
    where counts is not null and owner = any(${kind === undefined ? [...kinds] : [kind]}::text[])
      and day >= ${from} and day < ${to}
      ${model === undefined ? sql`` : sql`and model = ${storable(model)}`}
    order by day, owner, model`;
  return rows.map((row) => ({ ...row, counts: numbersIn(row.counts) }));
}

const [ZERO, COMMA, MINUS] = ["0", ",", "-"].map((sign) => sign.charCodeAt(0));

/** `{1,-2,3}`. A year has a hundred thousand of them: digit by digit is thrice as quick as by parts. */
function numbersIn(array: string): number[] {
  const counts = emptyCounts();
  let place = 0;
  let number = 0;
  let sign = 1;
  for (let i = 1; i < array.length; i++) {
    const code = array.charCodeAt(i);
    if (code === MINUS) sign = -1;
    else if (code === COMMA || i === array.length - 1) {
      counts[place++] = sign * number;
      number = 0;
      sign = 1;
    } else number = number * 10 + code - (ZERO as number);
  }
  if (place !== COUNTS) throw new Error(`Expected ${COUNTS} counts, got ${place}`);
  return counts;
}
