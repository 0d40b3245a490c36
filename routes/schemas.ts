/** The shapes every resource shares: who, when, how many; and how an answer is described. */
import { z } from "@hono/zod-openapi";
import { formatInstant, parseInstant } from "../events/instant.ts";
import { DEVICE_ID, KINDS } from "../events/vocabulary.ts";

export const KindSchema = z.enum(KINDS).openapi("Kind", { example: "atm" });

export const IdSchema = z.string()
  .regex(DEVICE_ID, `expected 1 to 64 letters, digits, "_", ":" or "-"`)
  .openapi({ example: "ATM-0042" });

export const DeviceParams = z.object({ kind: KindSchema, id: IdSchema });

interface Address {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
}

/** ATM ids are upper-cased wherever they come in, as their contract says; also in a filter. */
export function addressOf<Given extends Address>(given: Given): Given {
  return given.kind === "atm" && given.id !== undefined
    ? { ...given, id: given.id.toUpperCase() }
    : given;
}

/** A moment as text, in some form; as epoch ms. */
export function momentBy(
  read: (text: string) => number | undefined,
  also = "",
): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const moment = read(text);
    if (moment !== undefined) return moment;
    const message = `expected an ISO 8601 instant such as 2026-01-31T12:00:00Z${also}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }).openapi({ type: "string", format: "date-time", example: "2026-01-31T12:00:00Z" });
}

/** Epoch ms. A "+" that was not escaped arrives as a space: before the digits of an offset. */
export function parseInQuery(text: string): number | undefined {
  return parseInstant(text.replace(/ (?=\d\d:?\d\d$)/, "+"));
}

export const InstantQuery = momentBy(parseInQuery);
export const InstantBody = momentBy(parseInstant);

export function LimitQuery(
  byDefault: number,
  max: number,
): z.ZodType<number, string | undefined> {
  return z.string().default(String(byDefault))
    .refine((text) => /^\d{1,9}$/.test(text) && +text >= 1 && +text <= max, {
      message: `expected a whole number from 1 to ${max}`,
    })
    .transform(Number)
    .openapi({ type: "integer", minimum: 1, maximum: max, default: byDefault });
}

/** Items that may be skipped; further on leads a cursor, or a moment. */
const OFFSET_MAX = 100_000;

export const OffsetQuery = z.string().default("0")
  .refine((text) => /^\d{1,9}$/.test(text) && Number(text) <= OFFSET_MAX, {
    message: `expected a whole number from 0 to ${OFFSET_MAX}`,
  })
  .transform(Number)
  .openapi({ type: "integer", minimum: 0, maximum: OFFSET_MAX, default: 0 });

/** Of a list that is turned by page number, as some contracts do. */
export const PageNumberQuery = z.string().default("0").refine((text) => /^\d{1,7}$/.test(text), {
  message: "expected a whole number from 0",
}).transform(Number).openapi({ type: "integer", minimum: 0, default: 0 });

/** For lists in pages: how many, and from where. */
export function PageQuery(byDefault: number, max: number): Paged {
  return { limit: LimitQuery(byDefault, max), cursor: CursorQuery };
}

interface Paged {
  readonly limit: z.ZodType<number, string | undefined>;
  readonly cursor: typeof CursorQuery;
}

export const CursorQuery = z.string().min(1).max(500).optional()
  .openapi({ description: "The `next` of the page before." });

export const Instant = z.iso.datetime().openapi({ example: "2026-01-31T12:00:00.000Z" });
export const Fields = z.record(z.string(), z.unknown());

export const NextCursor = z.string().nullable()
  .openapi({ description: "Cursor of the next page; null on the last." });

export function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : formatInstant(ms);
}

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().openapi({ description: "Stable, for programs." }),
  detail: z.string().openapi({ description: "A sentence, for people." }),
  instance: z.string(),
  errors: z.array(z.object({
    in: z.enum(["path", "query", "header", "body"]),
    name: z.string(),
    detail: z.string(),
  })).optional(),
}).openapi("Problem");

interface Described<Schema extends z.ZodType> {
  readonly description: string;
  readonly content: { readonly "application/json": { readonly schema: Schema } };
}

export function json<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
): Described<Schema> {
  return { description, content: { "application/json": { schema } } };
}

interface RequiredBody<Schema extends z.ZodType> {
  readonly required: true;
  readonly content: { readonly "application/json": { readonly schema: Schema } };
}

/** A body of JSON that must be there, and be like this. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema): RequiredBody<Schema> {
  return { required: true, content: { "application/json": { schema } } };
}

interface OptionalBody<Schema extends z.ZodType> {
  readonly required: false;
  readonly content: { readonly "application/json": { readonly schema: Schema } };
}

/** One that need not be there: then nothing was validated, and so nothing defaulted. */
export function optionalBody<Schema extends z.ZodType>(schema: Schema): OptionalBody<Schema> {
  return { required: false, content: { "application/json": { schema } } };
}

const PROBLEMS = {
  400: "The body is not JSON",
  404: "There is no such thing",
  409: "What is true now does not allow it",
  413: "The body is too large",
  415: "The body is of another type",
  422: "Not valid; `errors` names each fault",
  503: "Not available now; try again after `Retry-After` seconds",
} as const;

/** Answers that are problems. Thrown, never returned, so they are no part of a handler's type. */
export function problems(...statuses: (keyof typeof PROBLEMS)[]): Record<never, never> {
  const content = { "application/problem+json": { schema: Problem } };
  return Object.fromEntries(
    statuses.map((status) => [status, { description: PROBLEMS[status], content }]),
  );
}
