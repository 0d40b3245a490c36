/** Trained models: which there are of a device or a fleet, which is in force, and their files. */
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { type EventRow, toEvent } from "../events/log/read.ts";
import { EVENT_COLUMNS } from "../events/log/rows.ts";
import { byVersion } from "../events/log/versions.ts";
import { FAILURE_MODEL, FAILURE_MODEL_STREAM, type RecordModel } from "../events/model.ts";
import type { Json } from "../events/vocabulary.ts";

export interface TrainedModel {
  readonly sha256: string;
  readonly kind: string;
  readonly card: Json;
  /** Epoch ms. */
  readonly trainedAt: number;
  /** When it was last promoted; null for never. */
  readonly promotedAt: number | null;
  /** Whether it is the one in use of its kind. */
  readonly inForce: boolean;
}

const MODELS_MAX = 1_000;

/** Newest first. */
export async function listModels(sql: Sql, stream: string): Promise<TrainedModel[]> {
  const rows = await sql`
    select ${sql.unsafe(EVENT_COLUMNS)} from events
    where stream = ${stream} and type in ('ModelTrained', 'ModelPromoted')
    order by ${byVersion(sql, "desc")} limit ${MODELS_MAX}`.values();
  return modelsIn((rows as unknown as EventRow[]).map(toEvent).reverse());
}

/** The models that one device's events tell of, in their order; newest first. */
export function modelsIn(
  events: readonly Pick<RecordedEvent, "type" | "data" | "recordedAt">[],
): TrainedModel[] {
  const models = new Map<string, TrainedModel>();
  for (const { type, data, recordedAt } of events) {
    const { model: sha256, kind, card } = data as Omit<RecordModel, "promote">;
    if (type === "ModelTrained") {
      const model = { sha256, kind, card, trainedAt: recordedAt, promotedAt: null, inForce: false };
      models.set(sha256, model);
    } else if (type === "ModelPromoted") {
      for (const [other, model] of models) {
        if (model.kind !== kind) continue;
        const chosen = other === sha256;
        const promotedAt = chosen ? recordedAt : model.promotedAt;
        models.set(other, { ...model, promotedAt, inForce: chosen });
      }
    }
  }
  return [...models.values()].reverse();
}

/** The streams of devices that have a model of this kind in force. */
export async function streamsWithModel(sql: Sql, kind: string): Promise<string[]> {
  const rows = await sql<{ stream: string }[]>`
    select distinct stream from events
    where type = 'ModelPromoted' and data->>'kind' = ${kind} order by stream`;
  return rows.map(({ stream }) => stream);
}

export async function readModelInForce(
  sql: Sql,
  stream: string,
  kind: string,
): Promise<TrainedModel | undefined> {
  return (await listModels(sql, stream)).find((model) => model.kind === kind && model.inForce);
}

export interface ModelWithFile {
  readonly sha256: string;
  readonly onnx: Uint8Array<ArrayBuffer>;
}

/** What foretells the failures of ATMs now; undefined until the first was promoted. */
export async function readFailureModelInForce(sql: Sql): Promise<ModelWithFile | undefined> {
  const model = await readModelInForce(sql, FAILURE_MODEL_STREAM, FAILURE_MODEL);
  if (model === undefined) return undefined;
  const { sha256 } = model;
  const onnx = await readModelFile(sql, sha256);
  if (onnx === undefined) throw new Error(`The file of model ${sha256} is not kept here`);
  return { sha256, onnx };
}

export async function readModelFile(
  sql: Sql,
  sha256: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const [row] = await sql<{ onnx: Uint8Array }[]>`
    select onnx from model_files where sha256 = ${sha256}`;
  return row && new Uint8Array(row.onnx);
}

/** A file, and the order by which the log is to hear of it. */
export interface UntoldModel {
  readonly stream: string;
  readonly order: RecordModel;
}

/** Keeps a file until the log has heard of it, and after. Keeping it twice changes nothing. */
export async function keepModel(
  sql: Sql,
  { stream, order, onnx }: UntoldModel & { readonly onnx: Uint8Array },
): Promise<void> {
  const untold = JSON.stringify(order);
  await sql`
    insert into model_files (sha256, stream, onnx, untold)
    values (${order.model}, ${stream}, ${onnx}, ${untold}::text::json)
    on conflict (sha256) do update set untold = excluded.untold`;
}

/** Models the log has not heard of, oldest first. */
export async function untoldModels(sql: Sql): Promise<UntoldModel[]> {
  const rows = await sql<UntoldModel[]>`
    select stream, untold as order from model_files
    where untold is not null order by made_at limit 100`;
  return [...rows];
}

export async function markTold(sql: Sql, sha256: string): Promise<void> {
  await sql`update model_files set untold = null where sha256 = ${sha256}`;
}
