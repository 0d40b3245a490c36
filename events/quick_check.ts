/**
 * Whether a value fits a schema, and nothing else: no copy, no list of issues.
 *
 * Every message is checked, nearly every message is right, and zod builds a result for each that
 * nobody looks at. What is in front of the common kinds of schema here says yes or no exactly as
 * they do (`tests/events/quick_check_test.ts` holds them to it); any other part is left to zod.
 */
import type { z } from "zod";

export type Check = (value: unknown) => boolean;

type Checkable = z.core.$ZodType;

/** The refinements of an object see the value itself, with fields the schema does not know. */
export function quickCheck(schema: Checkable): Check {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const refinements = (def.checks ?? []).map(refinementOf);
  const kind = kindOf(schema);
  if (kind === undefined || !refinements.every((check) => check !== undefined)) {
    return (value) => (schema as z.ZodType).safeParse(value).success;
  }
  return refinements.reduce((first, next) => (value) => first(value) && next(value), kind);
}

function kindOf(schema: Checkable): Check | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
      return "format" in def ? undefined : (value) => typeof value === "string";
    case "number":
      if (!("format" in def)) return Number.isFinite;
      return def.format === "safeint" ? Number.isSafeInteger : undefined;
    case "enum": {
      const values: ReadonlySet<unknown> | undefined = schema._zod.values;
      return values && ((value) => values.has(value));
    }
    case "optional":
      return or(undefined, quickCheck(def.innerType));
    case "nullable":
      return or(null, quickCheck(def.innerType));
    case "unknown":
      return () => true;
    case "object":
      return def.catchall === undefined ? objectOf(def.shape) : undefined;
  }
}

function or(also: unknown, check: Check): Check {
  return (value) => value === also || check(value);
}

function objectOf(shape: Readonly<Record<string, Checkable>>): Check {
  const fields = Object.entries(shape).map(([name, field]) => ({ name, check: quickCheck(field) }));
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    for (const { name, check } of fields) {
      if (!check((value as Record<string, unknown>)[name])) return false;
    }
    return true;
  };
}

/** What `.min(0)` or `.refine(…)` adds; the value is of the schema's kind. */
function refinementOf(refinement: z.core.$ZodCheck): Check | undefined {
  const def = refinement._zod.def as z.core.$ZodChecks["_zod"]["def"];
  switch (def.check) {
    case "greater_than": {
      const { value: bound, inclusive } = def;
      return inclusive
        ? (value) => value as number >= (bound as number)
        : (value) => value as number > (bound as number);
    }
    case "less_than": {
      const { value: bound, inclusive } = def;
      return inclusive
        ? (value) => value as number <= (bound as number)
        : (value) => value as number < (bound as number);
    }
    case "min_length": {
      const { minimum } = def;
      return (value) => (value as string).length >= minimum;
    }
    case "max_length": {
      const { maximum } = def;
      return (value) => (value as string).length <= maximum;
    }
  }
  const { fn } = def as { fn?: Check };
  return (def.check as string) === "custom" && fn ? (value) => Boolean(fn(value)) : undefined;
}
