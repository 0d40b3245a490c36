/** The actors of one partition, in memory: each a state, its version, and whether it changed. */
import type { RecordedEvent } from "../../events/event.ts";
import { deviceOf, streamOf, SYSTEM_KIND } from "../../events/vocabulary.ts";
import type { Decider } from "../decider.ts";
import { type AnyInput, type AnyState, deciderOf } from "../mod.ts";

export interface Actor {
  readonly stream: string;
  readonly decider: Decider<AnyState, AnyInput>;
  state: AnyState;
  /** Version of its last event; -1 before the first. */
  version: number;
  /** Offset of its last event. */
  offset: number;
  /** Changed since its last snapshot. */
  changed: boolean;
}

export interface Registry {
  readonly actors: ReadonlyMap<string, Actor>;
  /** The actor of a stream, new if it never spoke. */
  actor(stream: string): Actor;
  /** Puts a saved fold back. */
  restore(stream: string, state: AnyState, version: number, offset: number): void;
  /** Folds an event of the log into its actor, unless the actor has seen it. */
  replay(event: RecordedEvent): void;
}

/** What was saved of an actor does not join up with the log. */
export class SnapshotGapError extends Error {
  override readonly name = "SnapshotGapError";

  constructor(stream: string, version: number, next: number) {
    super(
      `Cannot fold "${stream}" on: the saved state is at version ${version}, the log at ${next}`,
    );
  }
}

/** Facts about Telltale itself: they have versions like any stream, and nothing to decide. */
const system: Decider<AnyState, AnyInput> = {
  kind: SYSTEM_KIND,
  stateVersion: 1,
  initial: () => ({} as AnyState),
  decide: () => [],
  evolve: (state) => state,
  nextDeadline: () => Infinity,
};

export function createRegistry(): Registry {
  const actors = new Map<string, Actor>();

  function create(stream: string): Actor {
    const { kind } = deviceOf(stream);
    const decider = deciderOf(kind) ?? system;
    const actor = {
      stream,
      decider,
      state: decider.initial(),
      version: -1,
      offset: 0,
      changed: false,
    };
    actors.set(stream, actor);
    return actor;
  }

  function actor(stream: string): Actor {
    return actors.get(stream) ?? create(stream);
  }

  return {
    actors,
    actor,
    restore(stream, state, version, offset) {
      Object.assign(create(stream), { state, version, offset });
    },
    replay(event) {
      const found = actor(event.stream);
      if (event.version <= found.version) return;
      if (event.version !== found.version + 1) {
        throw new SnapshotGapError(event.stream, found.version, event.version);
      }
      found.state = found.decider.evolve(found.state, event);
      found.version = event.version;
      found.offset = event.offset;
      found.changed = true;
    },
  };
}

/** The stream in which a partition records what happened to itself. */
export function systemStream(partition: number): string {
  return streamOf(SYSTEM_KIND, `partition-${partition}`);
}
