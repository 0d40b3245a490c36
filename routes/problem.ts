/** The one place where what went wrong becomes an HTTP answer (RFC 9457 problem details). */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { BusUnavailableError } from "../events/bus/publisher.ts";
import { CursorError } from "../projections/cursor.ts";
import { TooManyReportsError } from "../reports/jobs.ts";
import { mistakeIn } from "./json_mistake.ts";

/** One thing wrong with a request, and where. */
export interface Fault {
  readonly in: "path" | "query" | "header" | "body";
  /** The parameter or field; "" for the whole. */
  readonly name: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends a request with this answer. The message is for whoever sent it. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly options: ProblemOptions = {},
  ) {
    super(message);
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  413: "Too large",
  415: "Unsupported media type",
  421: "Misdirected request",
  422: "Not valid",
  426: "Upgrade required",
  500: "Internal error",
  503: "Not available now",
};

/** The answer for any error; tells `report` about those that are our own fault. */
export function problemOf(
  error: Error,
  c: Context,
  report: (error: Error) => void,
): Response {
  const known = asProblem(error);
  if (known === undefined) report(error);
  const { status, code, message, options } = known ??
    // What was thrown for us to read stays with us: it may hold SQL or a path.
    new ProblemError(500, "internal", "Something failed on our side; try again shortly");
  const body = {
    type: `/problems/${code}`,
    title: TITLES[status] ?? "Error",
    status,
    code,
    detail: message,
    instance: c.req.path,
    ...(options.errors === undefined ? {} : { errors: options.errors }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...options.headers },
  });
}

function asProblem(error: Error): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof BusUnavailableError) return unavailable(error.code, error.message);
  if (error instanceof TooManyReportsError) return unavailable("too-many-reports", error.message);
  if (error instanceof CursorError) return invalid("query", "cursor", error.message);
  if (error instanceof HTTPException) return ofRouter(error);
  if (isDatabaseUnavailable(error)) {
    return unavailable("database-unavailable", "The database cannot be reached; try again shortly");
  }
  return undefined;
}

/** What the router itself found wrong with a body it was to parse. */
function ofRouter({ status, message }: HTTPException): ProblemError | undefined {
  if (status === 400) return new ProblemError(400, "not-json", "The body is not JSON");
  if (status === 415) {
    return new ProblemError(415, "unsupported-media-type", "Expected a body of application/json");
  }
  return status < 500 ? new ProblemError(status, "bad-request", message) : undefined;
}

export function unavailable(code: string, detail: string): ProblemError {
  return new ProblemError(503, code, detail, { headers: { "retry-after": "1" } });
}

/** One parameter or field is not valid. */
export function invalid(place: Fault["in"], name: string, detail: string): ProblemError {
  return new ProblemError(422, "invalid-request", `${place} "${name}": ${detail}`, {
    errors: [{ in: place, name, detail }],
  });
}

/** What zod found wrong, as an answer. */
export function refusal(place: Fault["in"], error: z.ZodError): ProblemError {
  const errors = error.issues.map((issue) => ({
    in: place,
    name: issue.path.join("."),
    detail: issue.message,
  }));
  const detail = errors.map(({ name, detail }) => `${place} "${name}": ${detail}`).join("; ");
  return new ProblemError(422, "invalid-request", detail, { errors });
}

export function unknownDevice(kind: string, id: string): ProblemError {
  return new ProblemError(404, "device-unknown", `There is no ${kind} "${id}"`);
}

const MESSAGE_STATUSES: Readonly<Record<string, number>> = {
  "too-large": 413,
  "empty": 400,
  "not-utf8": 400,
  "not-json": 400,
};

/** A single message was not understood. */
export function refused(
  { code, reason }: { readonly code: string; readonly reason: string },
  payload: Uint8Array,
): ProblemError {
  const detail = code === "not-json"
    ? `The payload is not JSON: ${mistakeIn(new TextDecoder().decode(payload))}`
    : reason;
  return new ProblemError(MESSAGE_STATUSES[code] ?? 422, code, detail);
}

/** PostgreSQL: starting, stopping, out of connections, or just gone. */
const UNAVAILABLE_STATES = /^(?:08|57P0|53300)/;
const CONNECTION_LOST =
  /^(?:ECONN|CONNECT|EPIPE|ENOENT|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)/;

function isDatabaseUnavailable(error: Error): boolean {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return UNAVAILABLE_STATES.test(code) || CONNECTION_LOST.test(code);
}
