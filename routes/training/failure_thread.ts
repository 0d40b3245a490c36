/**
 * The thread a failure model is trained on, with a connection of its own: reading the log and
 * growing trees take minutes, during which neither the ingest nor anybody's request may wait.
 */
import { messageOf } from "../../events/errors.ts";
import { connect, type ConnectOptions, type Sql } from "../../events/log/database.ts";
import { FAILURE_MODEL, FAILURE_MODEL_STREAM } from "../../events/model.ts";
import type { FailureCard } from "../../models/failure/card.ts";
import type { FromTraining } from "../../models/on_thread.ts";
import { workInBackground } from "../../reports/background.ts";
import type { FailureOrder, FailureProgress } from "./failure.ts";

export interface ToFailureTraining {
  readonly database: ConnectOptions;
  readonly order: FailureOrder;
}

export interface FailureModelFile {
  readonly sha256: string;
  readonly card: FailureCard;
  readonly onnx: Uint8Array<ArrayBuffer>;
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToFailureTraining>) => void;
  postMessage(message: FromTraining<FailureProgress, FailureModelFile>): void;
};

workInBackground();

thread.onmessage = async ({ data: { database, order } }) => {
  const sql = connect(database);
  try {
    await train(sql, order);
  } catch (error) {
    thread.postMessage({
      type: "failed",
      reason: messageOf(error),
      explained: error instanceof Error && error.name === "TooFewFailuresError",
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
};

async function train(sql: Sql, { from, to, trials, seed }: FailureOrder): Promise<void> {
  // Not before: what is sent while these load would be lost.
  const { trainCandidate } = await import("../../models/failure/candidate.ts");
  const { readShippedModel } = await import("../../models/failure/shipped.ts");
  const { readModelFile, readModelInForce } = await import("../../projections/models.ts");
  const { rowsOfLog } = await import("./failure_rows.ts");

  const onProgress = (progress: FailureProgress) =>
    thread.postMessage({ type: "progress", progress });
  const { rows, atms, atmsKnown } = await rowsOfLog(
    sql,
    { from, to, seed },
    (done, of) => onProgress({ doing: "reading", done, of }),
  );
  const inForce = await readModelInForce(sql, FAILURE_MODEL_STREAM, FAILURE_MODEL);
  const incumbent = inForce === undefined ? await readShippedModel() : {
    sha256: inForce.sha256,
    // One whose file is gone is as good as one that cannot be read.
    onnx: await readModelFile(sql, inForce.sha256) ?? new Uint8Array(),
  };
  const source = atms === atmsKnown
    ? `${atms} ATMs of this log`
    : `${atms} ATMs of this log, drawn by chance from ${atmsKnown}`;
  const { onnx, card } = await trainCandidate(rows, incumbent, {
    trials,
    seed,
    source,
    onProgress,
  });
  const { sha256, ...own } = card;
  thread.postMessage({ type: "trained", trained: { sha256, card: own, onnx } });
}
