/**
 * Threads that do one task after the other each, and answer in that order; whoever waits for one
 * goes on with other things. They are there while there is work, and a while after.
 */

/** What a thread sends back; `failure` is what its two sides have agreed to tell of an error. */
export type Done =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly failure: unknown };

export interface TaskThreads {
  /** What is handed over is no longer ours. Throws what the task ended with. */
  run(task: unknown, handedOver?: Transferable[]): Promise<unknown>;
  /** How many wait for an answer. */
  readonly waiting: number;
  /** Whoever waits, and whoever comes later, is told why. */
  stop(why: Error): void;
}

export interface TaskThreadsOptions {
  readonly module: URL;
  readonly name: string;
  readonly threadsMax: number;
  /** What the other side told of an error, as an error. */
  revive(failure: unknown): Error;
}

const IDLE_MS = 30_000;

interface Thread {
  readonly worker: Worker;
  /** Who waits, in the order in which the thread answers. */
  readonly waiting: PromiseWithResolvers<unknown>[];
}

export function createTaskThreads(
  { module, name, threadsMax, revive }: TaskThreadsOptions,
): TaskThreads {
  const threads: Thread[] = [];
  let idle: ReturnType<typeof setTimeout> | undefined;
  let stopped: Error | undefined;

  function end(thread: Thread, why: Error): void {
    thread.worker.terminate();
    threads.splice(threads.indexOf(thread), 1);
    for (const { reject } of thread.waiting) reject(why);
  }

  function endAll(why: Error): void {
    clearTimeout(idle);
    for (const thread of [...threads]) end(thread, why);
  }

  function begin(): Thread {
    const worker = new Worker(module, { type: "module", name });
    const thread: Thread = { worker, waiting: [] };
    worker.onmessage = ({ data }: MessageEvent<Done>) => {
      const waiter = thread.waiting.shift();
      if (data.ok) waiter?.resolve(data.result);
      else waiter?.reject(revive(data.failure));
      if (waiting() === 0) idle = setTimeout(() => endAll(new Error("Nobody waits")), IDLE_MS);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(thread, new Error(`The thread "${name}" ended: ${event.message}`));
    };
    threads.push(thread);
    return thread;
  }

  function waiting(): number {
    return threads.reduce((sum, thread) => sum + thread.waiting.length, 0);
  }

  /** The thread with the least to do, or another one. */
  function leastBusy(): Thread {
    const [first, ...others] = threads;
    if (first === undefined) return begin();
    const free = others.reduce(
      (best, one) => one.waiting.length < best.waiting.length ? one : best,
      first,
    );
    return free.waiting.length > 0 && threads.length < threadsMax ? begin() : free;
  }

  return {
    run(task, handedOver = []) {
      if (stopped !== undefined) return Promise.reject(stopped);
      clearTimeout(idle);
      const thread = leastBusy();
      const waiter = Promise.withResolvers<unknown>();
      thread.waiting.push(waiter);
      thread.worker.postMessage(task, handedOver);
      return waiter.promise;
    },
    get waiting() {
      return waiting();
    },
    stop(why) {
      stopped = why;
      endAll(why);
    },
  };
}

/** The other side, on the thread: performs tasks in the order in which they come. */
export function performTasks<Task>(
  perform: (task: Task) => Promise<unknown>,
  failureOf: (error: unknown) => unknown,
): void {
  const thread = self as unknown as {
    onmessage: (event: MessageEvent<Task>) => void;
    postMessage(message: Done): void;
  };
  let queue: Promise<void> = Promise.resolve();

  async function attempt(task: Task): Promise<Done> {
    try {
      return { ok: true, result: await perform(task) };
    } catch (error) {
      return { ok: false, failure: failureOf(error) };
    }
  }

  thread.onmessage = ({ data }) => {
    queue = queue.then(async () => thread.postMessage(await attempt(data)));
  };
}
