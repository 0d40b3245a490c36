/**
 * The writer's own thread: seals and appends batches, one after the other.
 *
 * A conversation with the database is five short questions with a wait after each. On the thread
 * that decides, every answer would lie around until the current batch is decided; here it is
 * taken up at once, and deciding and writing really overlap.
 */
import { errorOf } from "../errors.ts";
import { append, type EncodedBatch, seal } from "./append.ts";
import { connect, type ConnectOptions, type Sql } from "./database.ts";

export type ToWriter =
  | { readonly type: "open"; readonly database: ConnectOptions }
  /** Begins a run of batches on top of this hash; whatever failed before is forgotten. */
  | { readonly type: "begin"; readonly hash: Uint8Array }
  | { readonly type: "append"; readonly id: number; readonly batch: EncodedBatch }
  | { readonly type: "close" };

export type FromWriter =
  | { readonly type: "appended"; readonly id: number; readonly hash: Uint8Array }
  | { readonly type: "failed"; readonly id: number; readonly name: string; readonly reason: string }
  | { readonly type: "closed" };

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ToWriter>) => void;
  postMessage(message: FromWriter): void;
  close(): void;
};

let database: ConnectOptions | undefined;
let sql: Sql | undefined;
let hash = new Uint8Array();
let failure: Error | undefined;
let queue: Promise<void> = Promise.resolve();

thread.onmessage = ({ data }) => {
  queue = queue.then(() => handle(data));
};

async function handle(message: ToWriter): Promise<void> {
  switch (message.type) {
    case "open":
      database = message.database;
      sql = connect(database);
      return;
    case "begin":
      if (failure) await reconnect();
      hash = new Uint8Array(message.hash);
      failure = undefined;
      return;
    case "append":
      return await write(message.id, message.batch);
    case "close":
      await sql?.end({ timeout: failure ? 0 : 5 });
      thread.postMessage({ type: "closed" });
      thread.close();
  }
}

/** What a broken connection left behind must not fail what comes next, nor keep us from closing. */
async function reconnect(): Promise<void> {
  await sql?.end({ timeout: 0 });
  sql = database && connect(database);
}

async function write(id: number, batch: EncodedBatch): Promise<void> {
  try {
    // A batch on top of one that failed rests on nothing.
    if (failure) throw failure;
    if (!sql) throw new Error("Cannot append: the writer has no database");
    const sealed = await seal(hash, batch);
    await append(sql, sealed);
    hash = new Uint8Array(sealed.hash);
    thread.postMessage({ type: "appended", id, hash: sealed.hash });
  } catch (error) {
    failure = errorOf(error);
    thread.postMessage({ type: "failed", id, name: failure.name, reason: failure.message });
  }
}
