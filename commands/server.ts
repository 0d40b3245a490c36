/**
 * The wiring of a running Telltale: which part is given what, in which order they start, and the
 * reverse order in which they stop.
 */
import { startRuntime } from "../actors/runtime/runtime.ts";
import { stateAt } from "../actors/runtime/state_at.ts";
import { connectBus } from "../events/bus/connection.ts";
import { createPublisher } from "../events/bus/jetstream_publisher.ts";
import { BrokerUnsuitableError } from "../events/bus/stream.ts";
import { createFeed } from "../events/feed.ts";
import { PartitionOwnedError } from "../events/log/partitions.ts";
import { migrate } from "../migrations/migrate.ts";
import { projections } from "../projections/mod.ts";
import { startProjector } from "../projections/projector.ts";
import { lockDataFolder } from "../services/data_folder.ts";
import { provideBroker, provideDatabase } from "../services/mod.ts";
import { type Config, UserError } from "./command.ts";
import { createLog, type Log } from "./log.ts";
import { openFrontDoor } from "./front_door.ts";

export interface Server {
  /** What was started, where the data is, and where to look. */
  readonly summary: string;
  readonly natsUrl: string;
  readonly log: Log;
  /** Rejects when it cannot go on. */
  readonly lost: Promise<never>;
  stop(): Promise<void>;
  /** Ends what was started without waiting for anything. */
  abort(): void;
}
