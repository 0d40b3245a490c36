/** The rules by which a report of an ATM is an alert: to be read, and to be tried. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ATM_STATUSES, AtmTelemetry } from "../../events/atm.ts";
import { SEVERITIES } from "../../events/device.ts";
import { ATM_RULES } from "../../models/alerts/atm_rules.ts";
import { factsOfReport } from "../../models/alerts/facts.ts";
import { boundedForm } from "../body.ts";
import { createRouter } from "../router.ts";
import { json, jsonBody, problems } from "../schemas.ts";

const TAGS = ["ATM monitoring"];

const rules = createRoute({
  method: "get",
  path: "/alerts/rules",
  operationId: "listAtmAlertRules",
  summary: "When a report of an ATM is an alert",
  tags: TAGS,
  responses: {
    200: json(
      z.object({
        rules: z.array(z.object({
          alert_type: z.string(),
          condition: z.string(),
          needs: z.array(z.string()).openapi({ description: "What the ATM must send for it." }),
          cooldown_minutes: z.int(),
        })),
        total: z.int(),
      }),
      "The rules",
    ),
  },
});

const test = createRoute({
  method: "post",
  path: "/alerts/rules/test",
  middleware: boundedForm,
  operationId: "testAtmAlertRules",
  summary: "What the rules say of a report; nothing is recorded",
  description: "As of an ATM of which nothing else is known and no alert is open.",
  tags: TAGS,
  request: {
    body: jsonBody(z.object({
      telemetry: AtmTelemetry.partial().extend({
        status: z.enum(ATM_STATUSES).default("online"),
        transaction_count: z.int().min(0).optional(),
        failed_transaction_count: z.int().min(0).optional(),
      }),
    })),
  },
  responses: {
    200: json(
      z.object({
        alerts: z.array(z.object({
          alert_type: z.string(),
          severity: z.enum(SEVERITIES),
          message: z.string(),
        })),
        total: z.int(),
        not_judged: z.array(z.string())
          .openapi({ description: "Rules that need what the report does not say." }),
      }),
      "What would be triggered",
    ),
    ...problems(400, 413, 415, 422),
  },
});

export function atmAlertRuleRoutes(): OpenAPIHono {
  const app = createRouter();

  app.openapi(rules, (c) => {
    const told = ATM_RULES.map(({ reason, condition, needs, cooldownMinutes }) => ({
      alert_type: reason,
      condition,
      needs: [...needs],
      cooldown_minutes: cooldownMinutes,
    }));
    return c.json({ rules: told, total: told.length }, 200);
  });

  app.openapi(test, (c) => {
    const { telemetry } = c.req.valid("json");
    const facts = factsOfReport(telemetry, telemetry.status);
    const judged = ATM_RULES.map((rule) => ({ rule, verdict: rule.judge(facts) }));
    const alerts = judged.flatMap(({ rule, verdict }) =>
      verdict === undefined || verdict === "rests"
        ? []
        : [{ alert_type: rule.reason, severity: verdict, message: rule.describe(facts) }]
    );
    const unknown = judged.filter(({ rule }) =>
      rule.needs.every((field) => (telemetry as Record<string, unknown>)[field] === undefined)
    );
    return c.json({
      alerts,
      total: alerts.length,
      not_judged: unknown.map(({ rule }) => rule.reason),
    }, 200);
  });

  return app;
}
