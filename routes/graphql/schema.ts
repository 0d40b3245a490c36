/** What can be asked by GraphQL, with its types; each field is checked against what it reads. */
import SchemaBuilder from "@pothos/core";
import type { GraphQLSchema } from "graphql";
import type { RecordedEvent } from "../../events/event.ts";
import type { Factor } from "../../events/inference.ts";
import { formatInstant } from "../../events/instant.ts";
import type { AnomalyFound } from "../../events/sensor.ts";
import { DEVICE_ID, deviceOf, streamOf } from "../../events/vocabulary.ts";
import { type Alert, alertCursor, alertId, alertOf, listAlerts } from "../../projections/alerts.ts";
import { decodeCursor, encodeCursor } from "../../projections/cursor.ts";
import {
  type Claim,
  deviceForetold,
  listPredictions,
  type Prediction,
  predictionCursor,
} from "../../projections/predictions.ts";
import { listReadings, type Reading, type ReadingPlace } from "../../projections/readings.ts";
import { getSensor, type Sensor } from "../../projections/sensors.ts";
import { resolveAlert, type SensorAlertDeps } from "../contracts/sensor_alerts.ts";
import { alertType, readingId } from "../contracts/sensor_json.ts";
import type { Deps } from "../deps.ts";
import { riskLevelOf } from "../prediction_json.ts";
import { kindOf, lengthOf, sensorOf, severityOf } from "./arguments.ts";
import { watch } from "./watch.ts";

export type GraphqlDeps = SensorAlertDeps & Pick<Deps, "feed" | "stopping">;

interface Page<Node> {
  readonly nodes: readonly { readonly node: Node; readonly cursor: string }[];
  readonly more: boolean;
}

interface Types {
  Objects: {
    SensorData: Reading;
    AnomalyAlert: Alert;
    SensorStats: Sensor;
    Opinion: AnomalyFound["detectors"][number];
    Prediction: Prediction;
    Factor: Factor;
    PageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

export function createGraphqlSchema(deps: GraphqlDeps): GraphQLSchema {
  const { sql, ownWrites } = deps;
  const builder = new SchemaBuilder<Types>({});

  builder.objectType("SensorData", {
    description: "A reading, with how unusual it was.",
    fields: (t) => ({
      id: t.id({ resolve: readingId }),
      sensorId: t.exposeString("sensorId"),
      sensorType: t.exposeString("sensorType", { nullable: true }),
      timestamp: t.string({ resolve: ({ at }) => formatInstant(at) }),
      value: t.exposeFloat("value"),
      unit: t.exposeString("unit", { nullable: true }),
      location: t.exposeString("location", { nullable: true }),
      isAnomaly: t.exposeBoolean("anomaly"),
      anomalyScore: t.exposeFloat("score", { nullable: true }),
    }),
  });

  builder.objectType("Opinion", {
    description: "What one detector said.",
    fields: (t) => ({
      name: t.exposeString("name"),
      score: t.exposeFloat("score"),
      reason: t.exposeString("reason"),
    }),
  });

  builder.objectType("AnomalyAlert", {
    description: "An anomaly of a sensor, from its first odd reading to its last.",
    fields: (t) => ({
      id: t.id({ resolve: alertId }),
      sensorId: t.exposeString("sensorId"),
      alertType: t.string({ resolve: ({ peak }) => alertType(peak) }),
      severity: t.string({ resolve: ({ peak }) => peak.severity }),
      message: t.string({ resolve: ({ peak }) => peak.reason }),
      anomalyScore: t.float({ resolve: ({ peak }) => peak.score }),
      sensorValue: t.float({ resolve: ({ peak }) => peak.value }),
      threshold: t.float({ resolve: ({ peak }) => peak.threshold }),
      expected: t.float({ nullable: true, resolve: ({ peak }) => peak.expected }),
      lower: t.float({ nullable: true, resolve: ({ peak }) => peak.lower }),
      upper: t.float({ nullable: true, resolve: ({ peak }) => peak.upper }),
      detectors: t.field({ type: ["Opinion"], resolve: ({ peak }) => [...peak.detectors] }),
      timestamp: t.string({ resolve: ({ startedAt }) => formatInstant(startedAt) }),
      peakAt: t.string({ resolve: ({ peakAt }) => formatInstant(peakAt) }),
      endedAt: t.string({ nullable: true, resolve: ({ endedAt }) => textOrNull(endedAt) }),
      resolved: t.boolean({ resolve: ({ resolvedAt }) => resolvedAt !== null }),
      resolvedAt: t.string({
        nullable: true,
        resolve: ({ resolvedAt }) => textOrNull(resolvedAt),
      }),
    }),
  });

  builder.objectType("SensorStats", {
    description: "A sensor in figures.",
    fields: (t) => ({
      sensorId: t.exposeString("sensorId"),
      totalReadings: t.exposeInt("readings"),
      avgValue: t.float({ resolve: ({ sum, readings }) => sum / readings }),
      minValue: t.exposeFloat("min"),
      maxValue: t.exposeFloat("max"),
      anomalyCount: t.exposeInt("anomalies"),
      lastReading: t.string({ resolve: ({ lastAt }) => formatInstant(lastAt) }),
    }),
  });

  builder.objectType("Factor", {
    description: "What moved a probability.",
    fields: (t) => ({
      feature: t.exposeString("feature"),
      value: t.exposeFloat("value", { nullable: true }),
      contribution: t.exposeFloat("contribution"),
    }),
  });

  builder.objectType("Prediction", {
    description: "A foretold failure, and what came of it.",
    fields: (t) => ({
      id: t.id({ resolve: ({ prediction }) => prediction }),
      kind: t.string({ resolve: (row) => deviceForetold(row).kind }),
      device: t.string({ resolve: (row) => deviceForetold(row).id }),
      part: t.string({ nullable: true, resolve: ({ part }) => part || null }),
      probability: t.float({ resolve: (row) => claimOf(row).probability }),
      riskLevel: t.string({ resolve: (row) => riskLevelOf(claimOf(row).probability) }),
      horizonHours: t.float({ resolve: (row) => claimOf(row).horizonHours }),
      threshold: t.float({ resolve: (row) => claimOf(row).threshold }),
      factors: t.field({ type: ["Factor"], resolve: (row) => [...claimOf(row).factors] }),
      model: t.exposeString("model", { nullable: true }),
      predictedAt: t.string({ resolve: ({ at }) => formatInstant(at) }),
      clearedAt: t.string({ nullable: true, resolve: ({ clearedAt }) => textOrNull(clearedAt) }),
      why: t.exposeString("why", { nullable: true }),
      outcome: t.exposeString("outcome", { nullable: true }),
      leadTimeHours: t.exposeFloat("leadTimeHours", { nullable: true }),
      failureAt: t.string({ nullable: true, resolve: ({ failureAt }) => textOrNull(failureAt) }),
      code: t.exposeString("code", { nullable: true }),
      action: t.exposeString("action", { nullable: true }),
      actBy: t.string({ nullable: true, resolve: ({ actBy }) => textOrNull(actBy) }),
    }),
  });
  builder.objectType("PageInfo", {
    fields: (t) => ({
      hasNextPage: t.exposeBoolean("hasNextPage"),
      endCursor: t.exposeString("endCursor", { nullable: true }),
    }),
  });

  // A page of such nodes, as clients of GraphQL know it. That a node is of the type of its name is
  // more than TypeScript can follow.
  function connectionOf<Name extends "SensorData" | "AnomalyAlert" | "Prediction">(name: Name) {
    type Node = Types["Objects"][Name];
    const edge = builder.objectRef<Page<Node>["nodes"][number]>(`${name}Edge`).implement({
      fields: (t) => ({
        node: t.field({ type: name, resolve: ({ node }) => node as never }),
        cursor: t.exposeString("cursor"),
      }),
    });
    return builder.objectRef<Page<Node>>(`${name}Connection`).implement({
      fields: (t) => ({
        edges: t.field({ type: [edge], resolve: ({ nodes }) => [...nodes] }),
        pageInfo: t.field({ type: "PageInfo", resolve: pageInfo }),
      }),
    });
  }
  const readings = connectionOf("SensorData");
  const alerts = connectionOf("AnomalyAlert");
  const predictions = connectionOf("Prediction");

  builder.queryType({
    fields: (t) => ({
      sensorData: t.field({
        type: ["SensorData"],
        description: "Readings, the newest first.",
        args: { sensorId: t.arg.string(), sensorType: t.arg.string(), limit: t.arg.int() },
        async resolve(_, { sensorId, sensorType, limit }) {
          await ownWrites.shown();
          return await listReadings(sql, {
            sensorId: sensorOf(sensorId),
            sensorType: sensorType ?? undefined,
            limit: lengthOf("limit", limit),
          });
        },
      }),
      readings: t.field({
        type: readings,
        description: "Readings, the newest first, a page at a time.",
        args: {
          sensorId: t.arg.string(),
          sensorType: t.arg.string(),
          first: t.arg.int(),
          after: t.arg.string(),
        },
        async resolve(_, { sensorId, sensorType, first, after }) {
          await ownWrites.shown();
          const limit = lengthOf("first", first);
          const found = await listReadings(sql, {
            sensorId: sensorOf(sensorId),
            sensorType: sensorType ?? undefined,
            after: after ? readingPlace(after) : undefined,
            limit: limit + 1,
          });
          return pageOf(found, limit, readingCursor);
        },
      }),
      anomalyAlerts: t.field({
        type: ["AnomalyAlert"],
        description: "Anomalies, the newest first.",
        args: {
          sensorId: t.arg.string(),
          severity: t.arg.string(),
          resolved: t.arg.boolean(),
          limit: t.arg.int(),
        },
        async resolve(_, { sensorId, severity, resolved, limit }) {
          await ownWrites.shown();
          return await listAlerts(sql, {
            sensorId: sensorOf(sensorId),
            severity: severityOf(severity),
            resolved: resolved ?? undefined,
            limit: lengthOf("limit", limit),
          });
        },
      }),
      alerts: t.field({
        type: alerts,
        description: "Anomalies, the newest first, a page at a time.",
        args: {
          sensorId: t.arg.string(),
          severity: t.arg.string(),
          resolved: t.arg.boolean(),
          first: t.arg.int(),
          after: t.arg.string(),
        },
        async resolve(_, { sensorId, severity, resolved, first, after }) {
          await ownWrites.shown();
          const limit = lengthOf("first", first);
          const found = await listAlerts(sql, {
            sensorId: sensorOf(sensorId),
            severity: severityOf(severity),
            resolved: resolved ?? undefined,
            cursor: after ?? undefined,
            limit: limit + 1,
          });
          return pageOf(found, limit, alertCursor);
        },
      }),
      predictions: t.field({
        type: predictions,
        description: "Foretold failures, the newest first; only open ones unless told otherwise.",
        args: {
          kind: t.arg.string(),
          device: t.arg.string(),
          open: t.arg.boolean({ defaultValue: true }),
          first: t.arg.int(),
          after: t.arg.string(),
        },
        async resolve(_, { kind, device, open, first, after }) {
          const limit = lengthOf("first", first);
          const found = await listPredictions(sql, {
            kind: kindOf(kind),
            id: device ?? undefined,
            state: open === false ? "all" : "open",
            cursor: after ?? undefined,
            limit: limit + 1,
          });
          return pageOf(found.predictions, limit, predictionCursor);
        },
      }),
      sensorStats: t.field({
        type: "SensorStats",
        nullable: true,
        description: "A sensor in figures; null for one that has never reported.",
        args: { sensorId: t.arg.string({ required: true }) },
        async resolve(_, { sensorId }) {
          await ownWrites.shown();
          return await getSensor(sql, sensorId) ?? null;
        },
      }),
    }),
  });

  builder.mutationType({
    fields: (t) => ({
      resolveAlert: t.field({
        type: "AnomalyAlert",
        description: "Somebody has dealt with it; doing so again changes nothing.",
        args: { alertId: t.arg.id({ required: true }) },
        resolve: (_, { alertId }) => resolveAlert(deps, String(alertId)),
      }),
    }),
  });

  builder.subscriptionType({
    fields: (t) => ({
      sensorReading: t.field({
        type: "SensorData",
        description: "Readings as they are recorded; of every sensor unless one is named.",
        args: { sensorId: t.arg.string() },
        subscribe: (_, { sensorId }) => watch(deps, readingsOf(sensorOf(sensorId))),
        resolve: (reading: Reading) => reading,
      }),
      anomalyAlert: t.field({
        type: "AnomalyAlert",
        description: "Anomalies as they are detected, and again when they become severer.",
        args: { severity: t.arg.string() },
        subscribe: (_, { severity }) => watch(deps, alertsOf(severityOf(severity))),
        resolve: (alert: Alert) => alert,
      }),
    }),
  });

  return builder.toSchema();
}

function readingsOf(sensorId: string | undefined): (event: RecordedEvent) => Reading | undefined {
  const wanted = sensorId === undefined ? undefined : streamOf("sensor", sensorId);
  return (event) => {
    if (event.type !== "ReadingReported") return undefined;
    if (wanted !== undefined && event.stream !== wanted) return undefined;
    const { data, metadata } = event;
    return {
      sensorId: deviceOf(event.stream).id,
      sensorType: stringOrNull(data.sensor_type),
      unit: stringOrNull(data.unit),
      location: stringOrNull(data.location),
      at: event.occurredAt,
      value: Number(data.value),
      score: metadata.score ?? null,
      anomaly: metadata.anomaly ?? false,
      version: event.version,
    };
  };
}

function alertsOf(severity: string | undefined): (event: RecordedEvent) => Alert | undefined {
  return (event) => {
    const { type, data } = event;
    if (type !== "AnomalyDetected" && type !== "AnomalyWorsened") return undefined;
    return severity === undefined || data.severity === severity ? alertOf(event) : undefined;
  };
}

function pageOf<Node>(
  found: readonly Node[],
  limit: number,
  cursorOf: (node: Node) => string,
): Page<Node> {
  const nodes = found.slice(0, limit).map((node) => ({ node, cursor: cursorOf(node) }));
  return { nodes, more: found.length > limit };
}

function pageInfo({ nodes, more }: Page<unknown>): Types["Objects"]["PageInfo"] {
  return { hasNextPage: more, endCursor: nodes.at(-1)?.cursor ?? null };
}

function readingCursor({ at, sensorId, version }: ReadingPlace): string {
  return encodeCursor([String(at), sensorId, String(version)]);
}

function readingPlace(cursor: string): ReadingPlace {
  const [at, sensorId = "", version] = decodeCursor(cursor, [
    /^\d{1,15}(?:\.\d{1,4})?$/,
    DEVICE_ID,
    /^\d{1,15}$/,
  ]);
  return { at: Number(at), sensorId, version: Number(version) };
}

/** Lists hold only what was claimed. */
function claimOf({ claim, prediction }: Prediction): Claim {
  if (claim === null) throw new Error(`"${prediction}" was not foretold`);
  return claim;
}

function textOrNull(at: number | null): string | null {
  return at === null ? null : formatInstant(at);
}

function stringOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
