/**
 * The fleet a newcomer meets: small, talkative and accident-prone, with an hour of history, so
 * that every page shows something at once and alarms come and go while one looks. ATMs live at
 * the pace of life, or there would be nothing to foretell hours ahead.
 */
import { connectBus } from "../events/bus/connection.ts";
import { createPublisher } from "../events/bus/jetstream_publisher.ts";
import { managerOf, streamInfo } from "../events/bus/stream.ts";
import { STREAM_NAME } from "../events/bus/subjects.ts";
import { parseInstant } from "../events/instant.ts";
import { fleet, type FleetOptions } from "./fleet.ts";
import { asItHappens } from "./pace.ts";
import { publishAll } from "./publish.ts";
import { HOUR_MS, SECOND_MS } from "./rhythm.ts";

const DEMO: Omit<FleetOptions, "startAt"> = {
  // Of this seed three ATMs are decaying when one looks, and fail 1, 2.6 and 3.3 hours later.
  seed: 271,
  devices: { atm: 20, machine: 10, store: 10, sensor: 15 },
  everyMs: {
    atm: 4 * SECOND_MS,
    machine: 6 * SECOND_MS,
    store: 8 * SECOND_MS,
    sensor: 4 * SECOND_MS,
  },
  // Something befalls one of the 35 others once or twice a minute, and is over within another.
  tempo: { atm: 1, machine: 360, store: 360, sensor: 360 },
  mischief: true,
};
const HISTORY_MS = HOUR_MS;
/** Each of the demo's sensors speaks all the time; with partitions JetStream puts a prefix before. */
const REPORTS = ["devices.sensor.*.reading", "p.*.devices.sensor.*.reading"];

/** Runs until the signal; resolves when every message it sent has been acknowledged. */
export async function runDemo(url: string, signal: AbortSignal): Promise<void> {
  const connection = await connectBus(url, "demo");
  try {
    const startAt = await historyFrom(connection, Date.now());
    const publisher = createPublisher(connection);
    const { failed, failure } = await publishAll(publisher, fleet({ ...DEMO, startAt }), {
      sendAt: asItHappens(),
      signal,
      // The history must not keep this process from answering requests.
      underWayMax: 200,
    });
    if (failed > 0) {
      throw new Error(`The bus did not take ${failed} messages of the demo, first ${failure}`);
    }
  } finally {
    await connection.close();
  }
}

/** A demo that ran before told the past already; this one goes on where its devices fell quiet. */
async function historyFrom(
  connection: Awaited<ReturnType<typeof connectBus>>,
  now: number,
): Promise<number> {
  const quietSince = await latestReport(await managerOf(connection));
  return Math.round(Math.max(now - HISTORY_MS, quietSince ?? 0));
}

/** Orders are no reports: the model that comes with Telltale is told of before any device speaks. */
async function latestReport(
  manager: Awaited<ReturnType<typeof managerOf>>,
): Promise<number | undefined> {
  const { state } = await streamInfo(manager) ?? {};
  if (state === undefined || state.last_seq === 0) return undefined;
  for (const subject of REPORTS) {
    const message = await manager.streams.getMessage(STREAM_NAME, { last_by_subj: subject });
    if (message) return parseInstant(message.timestamp);
  }
  // Reports may have been forgotten since.
  return state.messages < state.last_seq ? parseInstant(state.last_ts) : undefined;
}
