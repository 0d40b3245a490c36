/** What Prometheus is told about the write path and the read models. */
import { Gauge, type Registry } from "prom-client";
import type { Worker } from "../actors/runtime/worker.ts";
import type { Projector } from "../projections/projector.ts";

export function registerRuntimeMetrics(
  register: Registry,
  workers: () => readonly Worker[],
  projector: Projector,
): void {
  const registers = [register];
  gauge("telltale_log_offset", "Last offset in the log", ["partition"], (set) => {
    for (const { partition, offset } of statuses()) set({ partition }, offset);
  });
  gauge("telltale_broker_sequence", "Last JetStream sequence dealt with", ["partition"], (set) => {
    for (const { partition, sequence } of statuses()) set({ partition }, sequence);
  });
  gauge("telltale_ingest_lag_messages", "Messages JetStream has and the log has not", [
    "partition",
  ], async (set) => {
    for (const worker of workers()) {
      const lag = await worker.lag().catch(() => undefined);
      if (lag !== undefined) set({ partition: worker.status().partition }, lag);
    }
  });
  gauge("telltale_quarantined_messages", "Messages in quarantine", ["partition"], (set) => {
    for (const { partition, quarantined } of statuses()) set({ partition }, quarantined);
  });
  gauge("telltale_repeats", "Repeated messages recognised since start", ["partition"], (set) => {
    for (const { partition, repeats } of statuses()) set({ partition }, repeats);
  });
  gauge("telltale_actors", "Actors in memory", ["partition"], (set) => {
    for (const { partition, actors } of statuses()) set({ partition }, actors);
  });
  gauge("telltale_projection_lag_events", "Events the log has and the projection has not", [
    "projection",
  ], (set) => {
    for (const [projection, lag] of projector.lag()) set({ projection }, lag);
  });
  gauge("telltale_resident_bytes", "Resident memory of this process", [], (set) => {
    set({}, Deno.memoryUsage().rss);
  });

  function statuses() {
    return workers().map((worker) => worker.status());
  }

  type Set = (labels: Record<string, string | number>, value: number) => void;

  function gauge(
    name: string,
    help: string,
    labelNames: string[],
    collect: (set: Set) => void | Promise<void>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        return collect((labels, value) => this.set(labels, value));
      },
    });
  }
}
