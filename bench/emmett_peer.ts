/**
 * Emmett's side of the comparison, a process of its own: its pool of connections outlives its
 * `close`. Argument: a connection string. Prints appends per second.
 */

const PACKAGE = "npm:@event-driven-io/emmett-postgresql@0.42.0";
const WRITERS = 16;
const APPENDS = 20_000;

interface EventStore {
  appendToStream(stream: string, events: readonly unknown[]): Promise<unknown>;
}

const { getPostgreSQLEventStore } = await import(PACKAGE);
const store: EventStore = getPostgreSQLEventStore(Deno.args[0]);

const event = {
  type: "TelemetryReported",
  data: { status: "online", cash: 55.5, temperature: 22.1, cpu: 30, memory: 40, latency: 100 },
};
await store.appendToStream("warm-up", [event]);
const startedAt = performance.now();
await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
  for (let i = 0; i < APPENDS / WRITERS; i++) {
    await store.appendToStream(`atm-${writer}-${i % 32}`, [event]);
  }
}));
const rate = APPENDS / (performance.now() - startedAt) * 1000;
Deno.stdout.writeSync(new TextEncoder().encode(`${rate}\n`));
Deno.exit(0);
