/** Every device as it is now. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { formatInstant } from "../events/instant.ts";
import type { Device } from "../projections/device.ts";
import { listDevices } from "../projections/devices.ts";
import type { Deps } from "./deps.ts";
import { requireDevice } from "./require_device.ts";
import { createRouter } from "./router.ts";
import {
  addressOf,
  DeviceParams,
  Fields,
  Instant,
  instantOrNull,
  json,
  KindSchema,
  NextCursor,
  PageQuery,
  problems,
} from "./schemas.ts";

export const DeviceJson = z.object({
  kind: z.string(),
  id: z.string(),
  name: z.string().nullable(),
  region: z.string().nullable(),
  location: z.string().nullable(),
  registry_status: z.string().nullable(),
  status: z.string().nullable().openapi({ description: "As it last reported itself." }),
  status_since: Instant.nullable(),
  silent: z.boolean().openapi({ description: "We expected to hear from it and did not." }),
  silence_timeout_seconds: z.number().nullable()
    .openapi({ description: "As configured; null where it is learned." }),
  first_seen_at: Instant,
  last_seen_at: Instant.nullable().openapi({ description: "By our clock." }),
  last_at: Instant.nullable().openapi({ description: "By the device's clock." }),
  reports: z.int(),
  latest: Fields.nullable().openapi({ description: "The newest report's own fields." }),
  open_alarms: z.int(),
  decommissioned: z.boolean(),
  attributes: Fields,
}).openapi("Device");

function deviceJson(device: Device): z.infer<typeof DeviceJson> {
  return {
    kind: device.kind,
    id: device.id,
    name: device.name,
    region: device.region,
    location: device.location,
    registry_status: device.registryStatus,
    status: device.status,
    status_since: instantOrNull(device.statusSince),
    silent: device.silent,
    silence_timeout_seconds: device.silenceTimeoutSeconds,
    first_seen_at: formatInstant(device.firstSeenAt),
    last_seen_at: instantOrNull(device.lastSeenAt),
    last_at: instantOrNull(device.lastAt),
    reports: device.reports,
    latest: device.latest,
    open_alarms: device.openAlarms,
    decommissioned: device.decommissioned,
    attributes: device.attributes,
  };
}

const list = createRoute({
  method: "get",
  path: "/devices",
  operationId: "listDevices",
  summary: "Devices by kind and id",
  tags: ["Devices"],
  request: {
    query: z.object({
      kind: KindSchema.optional(),
      status: z.string().min(1).max(64).optional(),
      region: z.string().min(1).max(64).optional(),
      q: z.string().min(1).max(100).optional()
        .openapi({ description: "Part of the id, the name or the location, in any case." }),
      ...PageQuery(50, 1_000),
    }),
  },
  responses: {
    200: json(z.object({ devices: z.array(DeviceJson), next: NextCursor }), "A page of devices"),
    ...problems(422, 503),
  },
});

const get = createRoute({
  method: "get",
  path: "/devices/{kind}/{id}",
  operationId: "getDevice",
  summary: "One device as it is now",
  tags: ["Devices"],
  request: { params: DeviceParams },
  responses: { 200: json(DeviceJson, "The device"), ...problems(404, 422, 503) },
});

export function deviceRoutes({ sql }: Pick<Deps, "sql">): OpenAPIHono {
  const app = createRouter();

  app.openapi(list, async (c) => {
    const { devices, next } = await listDevices(sql, c.req.valid("query"));
    return c.json({ devices: devices.map(deviceJson), next: next ?? null }, 200);
  });

  app.openapi(get, async (c) => {
    const { kind, id } = addressOf(c.req.valid("param"));
    return c.json(deviceJson(await requireDevice(sql, kind, id)), 200);
  });

  return app;
}
