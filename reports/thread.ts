/**
 * Where reports are made: a thread with a connection of its own, so that neither the ingest nor
 * anybody's request waits for the arithmetic of fourteen thousand stores.
 */
import { messageOf } from "../events/errors.ts";
import { connect, type ConnectOptions, type Sql } from "../events/log/database.ts";
import { workInBackground } from "./background.ts";
import { compute } from "./compute.ts";
import { ReportError, writeFile } from "./files.ts";
import { finishReport, type Try } from "./jobs.ts";
import type { ReportRequest } from "./request.ts";

export interface ToThread {
  readonly database: ConnectOptions;
  readonly trying: Try;
  readonly request: ReportRequest;
}

export type FromThread =
  | { readonly type: "progress"; readonly done: number; readonly total: number }
  | { readonly type: "ended" }
  | {
    readonly type: "failed";
    readonly reason: string;
    /** The request itself is why; whoever asked may know. */
    readonly explained: boolean;
    /** What PostgreSQL or the connection to it calls the error; "" for any other. */
    readonly code: string;
  };

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToThread>) => void;
  postMessage(message: FromThread): void;
};

workInBackground();

let sql: Sql | undefined;

thread.onmessage = async ({ data }) => {
  try {
    sql ??= connect(data.database);
    await make(sql, data);
    thread.postMessage({ type: "ended" });
  } catch (error) {
    thread.postMessage({
      type: "failed",
      reason: messageOf(error),
      explained: error instanceof ReportError,
      code: String((error as { code?: unknown }).code ?? ""),
    });
  }
};

async function make(sql: Sql, { trying, request }: ToThread): Promise<void> {
  const table = await compute(sql, request, {
    onProgress: (done, total) => thread.postMessage({ type: "progress", done, total }),
  });
  const content = await writeFile(table, request.format);
  await finishReport(sql, trying, {
    file: await gzip(content),
    fileBytes: content.length,
    stores: table.stores.length,
  });
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(stream).bytes();
}
