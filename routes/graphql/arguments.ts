/** What a question's arguments mean; each throws a GraphQLError that says what was expected. */
import { GraphQLError } from "graphql";
import { SEVERITIES } from "../../events/device.ts";
import { DEVICE_ID, isKind, KINDS } from "../../events/vocabulary.ts";

const LIMIT_MAX = 10_000;
const LIMIT_DEFAULT = 100;

export function kindOf(kind: string | null | undefined): string | undefined {
  if (kind === null || kind === undefined || isKind(kind)) return kind ?? undefined;
  throw wrong(`"kind" is one of ${KINDS.join(", ")}`);
}

export function lengthOf(name: string, given: number | null | undefined): number {
  const length = given ?? LIMIT_DEFAULT;
  if (length >= 1 && length <= LIMIT_MAX) return length;
  throw wrong(`"${name}" is a whole number from 1 to ${LIMIT_MAX}; got ${length}`);
}

export function sensorOf(id: string | null | undefined): string | undefined {
  if (id === null || id === undefined || DEVICE_ID.test(id)) return id ?? undefined;
  throw wrong(`"sensorId" is 1 to 64 letters, digits, "_", ":" or "-"`);
}

export function severityOf(severity: string | null | undefined): string | undefined {
  const known = (SEVERITIES as readonly string[]).includes(severity ?? "low");
  if (known) return severity ?? undefined;
  throw wrong(`"severity" is one of ${SEVERITIES.join(", ")}`);
}

function wrong(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });
}
