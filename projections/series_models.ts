/**
 * Every fitted model of every series, in memory: a prediction must not wait for a query.
 *
 * And never stale: a model whose fit was answered anywhere is used by the next prediction here. What
 * this process commits itself is taken in before anybody is told. What others commit is asked for:
 * an answer waits for a look at the log that began after its question came, one look for all who
 * wait (`docs/decisions/`). The look is an index's few pages; it reads only fits.
 */
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { type EventRow, toEvent } from "../events/log/read.ts";
import { EVENT_COLUMNS } from "../events/log/rows.ts";
import { atVersion } from "../events/log/versions.ts";
import { fitKey, type FittedModel, numberOfModel, type Sample } from "../events/series.ts";
import { deviceOf, streamOf } from "../events/vocabulary.ts";

export interface SeriesModel extends Omit<FittedModel, "modelVersion"> {
  readonly seriesId: string;
  /** 2 of the model version `v2`. */
  readonly number: number;
  readonly modelVersion: string;
  /** Epoch ms. */
  readonly fittedAt: number;
  /** The event's place in its stream; that of its sample is the next. */
  readonly version: number;
}

export interface SeriesModels {
  /** Events this process just committed, in order of each partition. */
  offer(events: readonly RecordedEvent[]): void;
  /** The log may hold what was not offered: a commit whose outcome got lost. */
  missed(): void;
  /**
   * Afterwards every model is here whose fit had been answered when this was called. Undefined
   * where that is so already: most of the time nobody has to wait.
   */
  fresh(): Promise<void> | undefined;
  /** The newest model, or the one of this version. */
  find(seriesId: string, modelVersion?: string): SeriesModel | undefined;
  /** The model of the same data with the same options. */
  findSame(seriesId: string, key: string): SeriesModel | undefined;
  /** Oldest model first. */
  all(): ReadonlyMap<string, readonly SeriesModel[]>;
}

const FITTED = "SeriesModelFitted";
const PAGE = 2_000;

/**
 * `alone`: nobody else can write to this log, so what was offered is all there is to know. Otherwise
 * each question waits for a look at the log.
 */
export function createSeriesModels(
  { sql, alone }: { readonly sql: Sql; readonly alone: boolean },
): SeriesModels {
  const series = new Map<string, SeriesModel[]>();
  /** Per partition, the offset of the last fit taken in. */
  const taken = new Map<number, number>();
  let complete = false;
  /** A fit was committed while the log was being read, perhaps behind the reader's back. */
  let overtaken = false;
  let look: Promise<void> | undefined;
  let nextLook: Promise<void> | undefined;

  /** False where a model before this one is not here. */
  function take(event: RecordedEvent): boolean {
    const [model] = modelsIn([event]);
    if (model === undefined) return true;
    const models = series.get(model.seriesId) ?? [];
    if (model.number > models.length + 1) return false;
    // One that is known was both read and offered.
    if (model.number === models.length + 1) models.push(model);
    series.set(model.seriesId, models);
    taken.set(event.partition, Math.max(event.offset, taken.get(event.partition) ?? 0));
    return true;
  }

  function missed(): void {
    complete = false;
    overtaken = true;
  }

  async function readOn(): Promise<void> {
    do {
      overtaken = false;
      for (;;) {
        const events = await readFits(sql, taken);
        if (events.length === 0) break;
        for (const event of events) {
          if (take(event)) continue;
          throw new Error(
            `Cannot read the models of "${event.stream}": one is missing before version ${event.version}`,
          );
        }
      }
    } while (overtaken);
    complete = true;
  }

  function startLook(): Promise<void> {
    return look = readOn().finally(() => look = undefined);
  }

  return {
    offer(events) {
      for (const event of events) {
        if (event.type !== FITTED) continue;
        if (!complete) overtaken = true;
        else if (!take(event)) missed();
      }
    },
    missed,
    fresh() {
      if (alone && complete) return undefined;
      if (look === undefined) return startLook();
      // The one under way may have read before the fit that whoever asks knows of.
      return nextLook ??= look.catch(() => {}).then(() => {
        nextLook = undefined;
        return look ?? startLook();
      });
    },
    find(seriesId, modelVersion) {
      const models = series.get(seriesId);
      if (modelVersion === undefined) return models?.at(-1);
      const number = numberOfModel(modelVersion);
      return number === undefined ? undefined : models?.[number - 1];
    },
    findSame: (seriesId, key) => series.get(seriesId)?.findLast((model) => fitKey(model) === key),
    all: () => series,
  };
}

/** The models these events tell of. */
export function modelsIn(
  events: readonly Pick<RecordedEvent, "type" | "stream" | "version" | "data" | "recordedAt">[],
): SeriesModel[] {
  return events.filter(({ type }) => type === FITTED).map((event) => {
    const { stream, version, data, recordedAt } = event;
    const model = data as unknown as FittedModel;
    const number = numberOfModel(model.modelVersion) ?? 0;
    return { ...model, number, seriesId: deviceOf(stream).id, fittedAt: recordedAt, version };
  });
}

/** A page of the fits after these offsets, of every partition. */
async function readFits(sql: Sql, taken: ReadonlyMap<number, number>): Promise<RecordedEvent[]> {
  const rows = await sql`
    select fits.* from partitions
    left join unnest(${[...taken.keys()]}::integer[], ${[...taken.values()]}::bigint[])
      as taken (place, after) on place = partitions.partition
    cross join lateral (
      select ${sql.unsafe(EVENT_COLUMNS)} from events
      where type = 'SeriesModelFitted' and partition = partitions.partition
        and "offset" > coalesce(after, 0)
      order by "offset" limit ${PAGE}
    ) as fits`.values();
  return (rows as unknown as EventRow[]).map(toEvent);
}

/** The points kept of a model's training data. */
export async function readSample(
  sql: Sql,
  { seriesId, version }: SeriesModel,
): Promise<Sample | undefined> {
  const [row] = await sql<{ data: Sample }[]>`
    select data from events
    where stream = ${streamOf("sensor", seriesId)} and ${atVersion(sql, version + 1)}
      and type = 'TrainingSampleKept'`;
  return row?.data;
}
