/** What is to be done about devices: recommended for a foretold failure, or planned by somebody. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { by } from "../events/by.ts";
import { formatInstant } from "../events/instant.ts";
import { ENTRY } from "../events/maintenance.ts";
import { deviceOf } from "../events/vocabulary.ts";
import { sha256Of } from "../models/sha256.ts";
import {
  getMaintenance,
  listMaintenance,
  MAINTENANCE_STATES,
  type MaintenanceEntry,
} from "../projections/maintenance.ts";
import { boundedForm } from "./body.ts";
import { answerCsv, pagesOrCsv } from "./csv.ts";
import type { Deps } from "./deps.ts";
import { IDEMPOTENCY_KEY } from "./ingest.ts";
import { type OrderDeps, orderShown } from "./orders.ts";
import { invalid, ProblemError } from "./problem.ts";
import { requireDevice } from "./require_device.ts";
import { createRouter } from "./router.ts";
import {
  addressOf,
  IdSchema,
  Instant,
  InstantBody,
  instantOrNull,
  json,
  jsonBody,
  KindSchema,
  NextCursor,
  PageQuery,
  problems,
} from "./schemas.ts";

const TAGS = ["Maintenance"];

const MaintenanceJson = z.object({
  entry: z.string().openapi({
    description: "The name of the prediction it was recommended for, or its own.",
  }),
  kind: z.string(),
  device: z.string(),
  part: z.string().nullable(),
  state: z.enum(MAINTENANCE_STATES).openapi({
    description: "`closed` by what happened, as `why` tells; the others by people.",
  }),
  action: z.string(),
  due_by: Instant.nullable(),
  scheduled_for: Instant.nullable(),
  assignee: z.string().nullable(),
  note: z.string().nullable(),
  prediction: z.string().nullable(),
  outcome: z.string().nullable().openapi({ description: "Of the prediction, once it is known." }),
  opened_at: Instant,
  closed_at: Instant.nullable(),
  why: z.string().nullable(),
}).openapi("Maintenance");

const COLUMNS = Object.keys(MaintenanceJson.shape) as (keyof z.infer<typeof MaintenanceJson>)[];

const Plan = {
  action: z.string().trim().min(1).max(500),
  scheduled_for: InstantBody,
  due_by: InstantBody.nullish().openapi({ type: ["string", "null"] }),
  assignee: z.string().max(100).nullish(),
  note: z.string().max(500).nullish(),
  by,
};

const NewEntry = z.object({
  kind: KindSchema,
  device: IdSchema,
  part: z.string().min(1).max(64).nullish(),
  ...Plan,
}).strict();

const Change = z.object({
  state: z.enum(["scheduled", "done", "cancelled"]).default("scheduled"),
  ...Plan,
}).partial({ action: true, scheduled_for: true }).strict();

const list = createRoute({
  method: "get",
  path: "/maintenance",
  operationId: "listMaintenance",
  summary: "Maintenance of devices, the newest entries first",
  description: "JSON comes in pages; CSV streams all there are.",
  tags: TAGS,
  request: {
    query: z.object({
      state: z.enum([...MAINTENANCE_STATES, "open"]).optional()
        .openapi({ description: "`open` is recommended or scheduled." }),
      kind: KindSchema.optional(),
      id: IdSchema.optional(),
      format: z.enum(["json", "csv"]).default("json"),
      ...PageQuery(100, 1_000),
    }),
  },
  responses: {
    200: pagesOrCsv(z.object({ maintenance: z.array(MaintenanceJson), next: NextCursor })),
    ...problems(422, 503),
  },
});

const EntryParam = z.object({ entry: z.string().min(1).max(300) });

const one = createRoute({
  method: "get",
  path: "/maintenance/{entry}",
  operationId: "getMaintenance",
  summary: "One entry",
  tags: TAGS,
  request: { params: EntryParam },
  responses: { 200: json(MaintenanceJson, "The entry"), ...problems(404, 422, 503) },
});

const create = createRoute({
  method: "post",
  path: "/maintenance",
  middleware: boundedForm,
  operationId: "createMaintenance",
  summary: "Plans maintenance that nobody recommended",
  tags: TAGS,
  parameters: [{
    ...IDEMPOTENCY_KEY,
    description: "The same entry sent again with the same key is made once.",
  }],
  request: { body: jsonBody(NewEntry) },
  responses: {
    201: json(MaintenanceJson, "Scheduled"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

const change = createRoute({
  method: "put",
  path: "/maintenance/{entry}",
  middleware: boundedForm,
  operationId: "changeMaintenance",
  summary: "Schedules an entry, or says that it is done or cancelled",
  description: "What is not mentioned stays as it was.",
  tags: TAGS,
  request: { params: EntryParam, body: jsonBody(Change) },
  responses: {
    200: json(MaintenanceJson, "As it is now"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

export type MaintenanceDeps = Pick<Deps, "sql" | "stopping"> & OrderDeps;

export function maintenanceRoutes(deps: MaintenanceDeps): OpenAPIHono {
  const { sql, stopping } = deps;
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { format, ...query } = addressOf(c.req.valid("query"));
    if (format === "csv") {
      return await answerCsv(c, {
        name: "maintenance",
        columns: COLUMNS,
        stopping,
        async page(limit, cursor) {
          const { entries, next } = await listMaintenance(sql, { ...query, limit, cursor });
          return { rows: entries.map(entryJson), next };
        },
      }) as never; // The route's type only knows how JSON is answered.
    }
    const { entries, next } = await listMaintenance(sql, query);
    return c.json({ maintenance: entries.map(entryJson), next: next ?? null }, 200);
  });

  app.openapi(one, async (c) => c.json(entryJson(await find(c.req.valid("param").entry)), 200));

  app.openapi(create, async (c) => {
    const { kind, device, part, ...plan } = c.req.valid("json");
    const { id } = addressOf({ kind, id: device });
    await requireDevice(sql, kind, id);
    const messageId = c.req.header("idempotency-key");
    const entry = await nameOf(`${kind}-${id}`, messageId);
    const body = { command: "ScheduleMaintenance", entry, part, ...planned(plan) };
    await orderShown(deps, { kind, id, body, messageId });
    return c.json(entryJson(await find(entry)), 201);
  });

  app.openapi(change, async (c) => {
    const found = await find(c.req.valid("param").entry);
    const { state, by, ...changes } = c.req.valid("json");
    const { kind, id } = deviceOf(found.stream) as { kind: "atm"; id: string };
    const { entry } = found;
    if (state !== "scheduled") {
      const command = state === "done" ? "CompleteMaintenance" : "CancelMaintenance";
      const { note } = changes;
      await orderShown(deps, { kind, id, body: { command, entry, note, by } });
      return c.json(entryJson(await find(entry)), 200);
    }
    const scheduledFor = changes.scheduled_for ?? found.scheduledFor;
    if (scheduledFor === null) {
      throw invalid("body", "scheduled_for", "expected a moment: it was not scheduled before");
    }
    const plan = {
      due_by: found.dueBy,
      assignee: found.assignee,
      note: found.note,
      ...changes,
      action: changes.action ?? found.action,
      scheduled_for: scheduledFor,
      by,
    };
    const body = {
      command: "ScheduleMaintenance",
      entry,
      part: found.part || undefined,
      ...planned(plan),
    };
    await orderShown(deps, { kind, id, body });
    return c.json(entryJson(await find(entry)), 200);
  });

  async function find(entry: string): Promise<MaintenanceEntry> {
    const found = await getMaintenance(sql, entry);
    if (found !== undefined) return found;
    throw new ProblemError(404, "maintenance-unknown", `There is no maintenance "${entry}"`);
  }

  return app;
}

/** Sent again with the same key it is the same entry. */
async function nameOf(device: string, key: string | undefined): Promise<string> {
  if (key === undefined) return crypto.randomUUID();
  if (!ENTRY.test(key)) {
    throw invalid("header", "Idempotency-Key", "expected 1 to 200 printable ASCII characters");
  }
  return (await sha256Of(new TextEncoder().encode(`${device} ${key}`))).slice(0, 32);
}

function planned(
  { scheduled_for: scheduledFor, due_by: dueBy, ...plan }: z.infer<
    ReturnType<typeof z.object<typeof Plan>>
  >,
): object {
  return {
    ...plan,
    scheduledFor: formatInstant(scheduledFor),
    ...(typeof dueBy === "number" && { dueBy: formatInstant(dueBy) }),
  };
}

function entryJson(row: MaintenanceEntry): z.infer<typeof MaintenanceJson> {
  const { kind, id: device } = deviceOf(row.stream);
  return {
    entry: row.entry,
    kind,
    device,
    part: row.part || null,
    state: row.state,
    action: row.action,
    due_by: instantOrNull(row.dueBy),
    scheduled_for: instantOrNull(row.scheduledFor),
    assignee: row.assignee,
    note: row.note,
    prediction: row.prediction,
    outcome: row.outcome,
    opened_at: formatInstant(row.openedAt),
    closed_at: instantOrNull(row.closedAt),
    why: row.why,
  };
}
