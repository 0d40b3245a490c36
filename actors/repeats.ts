/**
 * Which messages an actor has seen: by their own id where they have one, by their moment where the
 * kind of device reports once a moment.
 *
 * JetStream drops repeats inside its window, by id. This catches what comes later, or without an
 * id, among the latest messages of a device.
 */
import type { Kind } from "../events/vocabulary.ts";

export interface Recent {
  /** Ids of the latest messages that had one, oldest first. */
  readonly recentIds: string[];
  /** The latest reports that are named by their moment, oldest first. */
  readonly recentMoments: number[];
}

export const RECENT_IDS = 64;
export const RECENT_MOMENTS = 256;
/** A longer id is left to JetStream: the state has a bound. */
const ID_LENGTH_MAX = 100;

export function isKnownId(recent: Recent, messageId: string | undefined): boolean {
  return messageId !== undefined && recent.recentIds.includes(messageId);
}

export function noteId(recent: Recent, messageId: string | undefined): void {
  if (messageId === undefined || messageId.length > ID_LENGTH_MAX) return;
  remember(recent.recentIds, messageId, RECENT_IDS);
}

/**
 * The number that names a report by its moment; undefined where a moment does not name one: several
 * bearings report at once, and two readings of a sensor at one moment may both be true.
 */
export function momentOf(kind: Kind, status: string, at: number): number | undefined {
  switch (kind) {
    case "atm":
      return at;
    case "store":
      // The same poll twice changes nothing; the other status at the same moment is another poll.
      return status === "inactive" ? -at : at;
    default:
      return undefined;
  }
}

export function isKnownMoment(recent: Recent, moment: number | undefined): boolean {
  return moment !== undefined && recent.recentMoments.includes(moment);
}

export function noteMoment(recent: Recent, moment: number | undefined): void {
  if (moment !== undefined) remember(recent.recentMoments, moment, RECENT_MOMENTS);
}

function remember<T>(recent: T[], value: T, most: number): void {
  recent.push(value);
  if (recent.length > most) recent.shift();
}
