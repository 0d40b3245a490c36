/** The register of ATMs, under its own paths: what an ATM is, beside what it reports. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { REGIONS, REGISTRY_STATUSES } from "../../events/atm.ts";
import { formatInstant } from "../../events/instant.ts";
import type { Device } from "../../projections/device.ts";
import { pageOfDevices } from "../../projections/devices.ts";
import { boundedForm } from "../body.ts";
import type { Deps } from "../deps.ts";
import { type OrderDeps, orderShown } from "../orders.ts";
import { requireDevice } from "../require_device.ts";
import { createRouter } from "../router.ts";
import {
  IdSchema,
  Instant,
  instantOrNull,
  json,
  jsonBody,
  LimitQuery,
  PageNumberQuery,
  problems,
} from "../schemas.ts";
import { AtmId, everyAtm, type RegistryStatus, registryStatusOf } from "./atms.ts";

const Status = z.enum(REGISTRY_STATUSES);
const Region = z.enum(REGIONS);

const AtmJson = z.object({
  atm_id: z.string(),
  name: z.string().nullable(),
  location: z.string().nullable(),
  region: z.string().nullable(),
  status: z.string().openapi({ description: "In the register; not what it reports." }),
  current_status: z.string().nullable().openapi({ description: "As it last reported itself." }),
  created_at: Instant,
  last_seen_at: Instant.nullable(),
}).openapi("Atm");

function atmJson(device: Device): z.infer<typeof AtmJson> {
  return {
    atm_id: device.id,
    name: device.name,
    location: device.location,
    region: device.region,
    status: registryStatusOf(device),
    current_status: device.status,
    created_at: formatInstant(device.firstSeenAt),
    last_seen_at: instantOrNull(device.lastSeenAt),
  };
}

const Description = z.object({
  name: z.string().max(200).nullish(),
  location: z.string().max(200).nullish(),
  region: Region.nullish(),
  status: Status.optional(),
});

const NewAtm = Description.extend({
  atm_id: AtmId,
});

const list = createRoute({
  method: "get",
  path: "/atms",
  operationId: "listAtms",
  summary: "The register, by id",
  tags: ["ATM monitoring"],
  request: {
    query: z.object({
      page: PageNumberQuery,
      limit: LimitQuery(10, 1_000),
      status: Status.optional(),
      search: z.string().min(1).max(100).optional(),
      region: Region.optional(),
    }),
  },
  responses: {
    200: json(
      z.object({
        atms: z.array(AtmJson),
        total: z.int(),
        page: z.int(),
        limit: z.int(),
        pages: z.int(),
      }),
      "A page of the register",
    ),
    ...problems(422, 503),
  },
});

const AtmParam = z.object({ id: IdSchema });

const get = createRoute({
  method: "get",
  path: "/atms/{id}",
  operationId: "getAtm",
  summary: "One ATM of the register",
  tags: ["ATM monitoring"],
  request: { params: AtmParam },
  responses: { 200: json(AtmJson, "The ATM"), ...problems(404, 422, 503) },
});

const create = createRoute({
  method: "post",
  path: "/atms",
  middleware: boundedForm,
  operationId: "createAtm",
  summary: "Registers an ATM",
  tags: ["ATM monitoring"],
  request: { body: jsonBody(NewAtm) },
  responses: { 201: json(AtmJson, "Registered"), ...problems(400, 409, 413, 415, 422, 503) },
});

const update = createRoute({
  method: "put",
  path: "/atms/{id}",
  middleware: boundedForm,
  operationId: "updateAtm",
  summary: "Describes an ATM anew; what is not mentioned stays",
  tags: ["ATM monitoring"],
  request: {
    params: AtmParam,
    body: jsonBody(Description),
  },
  responses: { 200: json(AtmJson, "As it is now"), ...problems(400, 404, 409, 413, 415, 422, 503) },
});

const remove = createRoute({
  method: "delete",
  path: "/atms/{id}",
  operationId: "deleteAtm",
  summary: "Takes an ATM out of service; its history stays",
  tags: ["ATM monitoring"],
  request: { params: AtmParam },
  responses: { 204: { description: "Decommissioned" }, ...problems(404, 409, 422, 503) },
});

const BY = "atm registry";

export type AtmRegistryDeps = Pick<Deps, "sql"> & OrderDeps;

export function atmRegistryRoutes(deps: AtmRegistryDeps): OpenAPIHono {
  const { sql } = deps;
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { page, limit, status, search: q, region } = c.req.valid("query");
    const { devices, total } = status === undefined
      ? await pageOfDevices(sql, { kind: "atm", q, region, page, limit })
      : pageOf((await everyAtm(sql, { q, region })).filter(ofStatus(status)), page, limit);
    return c.json({
      atms: devices.map(atmJson),
      total,
      page,
      limit,
      pages: Math.ceil(total / limit),
    }, 200);
  });

  app.openapi(get, async (c) => c.json(atmJson(await find(c.req.valid("param").id)), 200));

  app.openapi(create, async (c) => {
    const { atm_id: id, ...description } = c.req.valid("json");
    await give(id, "RegisterDevice", attributes({ status: "active", ...description }));
    return c.json(atmJson(await find(id)), 201);
  });

  app.openapi(update, async (c) => {
    const { id } = await find(c.req.valid("param").id);
    await give(id, "DescribeDevice", attributes(c.req.valid("json")));
    return c.json(atmJson(await find(id)), 200);
  });

  app.openapi(remove, async (c) => {
    const { id } = await find(c.req.valid("param").id);
    await give(id, "DecommissionDevice", { by: BY });
    return c.body(null, 204);
  });

  function find(id: string): Promise<Device> {
    return requireDevice(sql, "atm", id.toUpperCase());
  }

  async function give(id: string, command: string, fields: object): Promise<void> {
    const body = { command, ...fields };
    await orderShown(deps, { kind: "atm", id: id.toUpperCase(), body });
  }

  return app;
}

function ofStatus(status: RegistryStatus): (atm: Device) => boolean {
  return (atm) => registryStatusOf(atm) === status;
}

function pageOf(
  atms: readonly Device[],
  page: number,
  limit: number,
): { devices: readonly Device[]; total: number } {
  return { devices: atms.slice(page * limit, (page + 1) * limit), total: atms.length };
}

function attributes({ status, ...description }: z.infer<typeof Description>): object {
  return { ...description, ...(status === undefined ? {} : { registryStatus: status }) };
}
