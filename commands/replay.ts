/** `./telltale replay`: what happened to one device, and what was known of it at a moment. */
import { storyUntil } from "../actors/runtime/state_at.ts";
import { type AnyState, deciderOf } from "../actors/mod.ts";
import type { RecordedEvent } from "../events/event.ts";
import type { Sql } from "../events/log/database.ts";
import { streamNames } from "../events/log/streams.ts";
import { formatInstant } from "../events/instant.ts";
import { deviceOf } from "../events/vocabulary.ts";
import { INTERRUPTED, InterruptedError, print, withLog } from "./audit.ts";
import { type Command, UserError } from "./command.ts";
import { count, startProgress } from "./progress.ts";
import { editDistance } from "./registry.ts";
import { readReplay, type Replay, REPLAY_HELP } from "./replay_options.ts";
import { eventJson, eventText } from "./story.ts";

/** Lines are printed together: a write for each would take longer than reading them. */
const LINES_AT_ONCE = 500;
const NEAR_NAMES = 5;

export const command: Command = {
  summary: "tell what happened to one device, and what was known of it at a moment",
  help: REPLAY_HELP,

  async run(args, config) {
    const replay = readReplay(args);
    try {
      await withLog(config, "replay", (sql) => tell(sql, replay));
      return 0;
    } catch (error) {
      if (error instanceof InterruptedError) return INTERRUPTED;
      throw error;
    }
  },
};

async function tell(sql: Sql, replay: Replay): Promise<void> {
  const { stream, to, fromVersion, limit, json } = replay;
  const { kind } = deviceOf(stream);
  const decider = deciderOf(kind);
  let state: AnyState | undefined = decider?.initial();
  let last: RecordedEvent | undefined;
  const story = createStory(limit);
  const progress = startProgress();
  for await (const event of storyUntil(sql, stream, to)) {
    if (decider && state) state = decider.evolve(state, event);
    last = event;
    progress.show(() => `${count(event.version + 1)} events`);
    if (event.version >= fromVersion) story.add(event, json ? eventJson : eventText);
  }
  progress.end();
  if (!last) throw await nothingToTell(sql, stream, to);
  story.end();
  if (json) {
    print(JSON.stringify({ stream, version: last.version, asOf: moment(last.recordedAt), state }));
  } else if (state) {
    print(`\nState of ${stream} at version ${last.version}, as of ${moment(last.recordedAt)}`);
    print(JSON.stringify(state, null, 2));
  }
}

/** Prints as it goes; with a limit, keeps the last so many and prints them in the end. */
function createStory(limit: number): {
  add(event: RecordedEvent, write: (event: RecordedEvent) => string): void;
  end(): void;
} {
  let lines: string[] = [];
  return {
    add(event, write) {
      lines.push(write(event));
      if (limit === Infinity && lines.length === LINES_AT_ONCE) {
        print(lines.join("\n"));
        lines = [];
      } else if (lines.length >= 2 * limit) {
        lines = lines.slice(-limit);
      }
    },
    end() {
      const rest = limit === Infinity ? lines : lines.slice(lines.length - limit);
      if (rest.length > 0) print(rest.join("\n"));
    },
  };
}

async function nothingToTell(sql: Sql, stream: string, to: number): Promise<UserError> {
  const names = await streamNames(sql);
  if (names.includes(stream)) {
    return new UserError(`Cannot replay "${stream}": nothing was recorded of it by ${moment(to)}`);
  }
  const near = names
    .map((name) => ({ name, distance: editDistance(stream.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, NEAR_NAMES)
    .map(({ name }) => name);
  return new UserError(
    `Cannot replay "${stream}": the log has no such stream; ${
      near.length > 0 ? `the nearest are ${near.join(", ")}` : "it is empty"
    }`,
  );
}

function moment(ms: number): string {
  return formatInstant(ms);
}
