/**
 * Every type of event, its schema version, and the upcasters that lift older ones to it.
 *
 * Types and shapes are on disk for ever. To change one, append an upcaster; never edit one that
 * has shipped.
 */
import type { Json } from "./vocabulary.ts";

/** Lifts the data of one event type from version n to n + 1. */
export type Upcaster = (data: Json) => Json;

/** Per event type, one step for each version ever superseded: `[v1 to v2, v2 to v3]`. */
const UPCASTERS: Readonly<Record<string, readonly Upcaster[]>> = {};

/** The version new events of this type are written with. */
export function schemaVersionOf(type: string): number {
  return 1 + (UPCASTERS[type]?.length ?? 0);
}

export function upcast(type: string, schemaVersion: number, data: Json): Json {
  const steps = UPCASTERS[type];
  if (steps === undefined) return data;
  return steps.slice(schemaVersion - 1).reduce((older, step) => step(older), data);
}
