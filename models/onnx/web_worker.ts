/**
 * Packages that believe themselves in Node put Node's kind of thread in the place of the Web's, for
 * everybody. Imported before them, this remembers what was there.
 */
const { Worker } = globalThis;

export function restoreWorker(): void {
  globalThis.Worker = Worker;
}
