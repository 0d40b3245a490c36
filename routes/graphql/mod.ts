/**
 * GraphQL at one path: questions by GET and POST, subscriptions by SSE and WebSocket, and for a
 * browser that just comes by a playground, all of it served from here.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type DocumentNode, type ExecutionArgs, GraphQLError } from "graphql";
import { createYoga, type Plugin, useExecutionCancellation } from "graphql-yoga";
import type { Context } from "hono";
import { BusUnavailableError } from "../../events/bus/publisher.ts";
import { CursorError } from "../../projections/cursor.ts";
import { boundedBody } from "../body.ts";
import type { Deps } from "../deps.ts";
import { wantsWebSocket } from "../live/web_socket.ts";
import { ProblemError } from "../problem.ts";
import { createRouter } from "../router.ts";
import { Fields, json, problems } from "../schemas.ts";
import { tooMuch } from "./limits.ts";
import { createGraphqlSchema, type GraphqlDeps } from "./schema.ts";
import { TooSlowError } from "./watch.ts";
import { graphqlSockets } from "./web_socket.ts";

const QUESTION_BYTES_MAX = 64 * 1024;

/** The playground is one page with everything in it; nothing of it comes from elsewhere. */
const PLAYGROUND_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "worker-src 'self' blob: data:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

const PATH = "/graphql";

const Answer = z.object({
  data: Fields.nullish(),
  errors: z.array(z.object({ message: z.string(), extensions: Fields.optional() })).optional(),
}).openapi("GraphqlAnswer");

const described = {
  path: PATH,
  tags: ["Sensors"],
  responses: {
    200: {
      description:
        "The answer; events without end for a subscription; the playground for a browser",
      content: {
        ...json(Answer, "").content,
        "text/event-stream": { schema: z.string() },
        "text/html": { schema: z.string() },
      },
    },
    101: { description: "A WebSocket that speaks graphql-transport-ws" },
    400: json(Answer, "Too deep, or too costly"),
  },
};

const byGet = createRoute({
  ...described,
  method: "get",
  operationId: "askGraphql",
  summary: "GraphQL: a question, a WebSocket, or the playground",
  request: { query: z.object({ query: z.string().optional(), variables: z.string().optional() }) },
});

// The body is described, not parsed, by the router: it goes on as it came.
const byPost = createRoute({
  ...described,
  method: "post",
  operationId: "postGraphql",
  summary: "GraphQL: a question, an order, or a subscription by SSE",
  middleware: boundedBody(QUESTION_BYTES_MAX),
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object",
          required: ["query"],
          properties: {
            query: { type: "string" },
            variables: { type: "object" },
            operationName: { type: "string" },
          },
        },
        example: { query: "{ sensorData(limit: 10) { sensorId value isAnomaly } }" },
      },
    },
  },
  responses: { ...described.responses, ...problems(413) },
});

export function graphqlRoutes(
  base: string,
  deps: GraphqlDeps & Pick<Deps, "report" | "stopping">,
): OpenAPIHono {
  const endpoint = base + PATH;
  const yoga = createYoga({
    schema: createGraphqlSchema(deps),
    graphqlEndpoint: endpoint,
    landingPage: false,
    // The playground is ours to serve; pages of other origins have no business here.
    graphiql: false,
    cors: false,
    logging: false,
    plugins: [useExecutionCancellation(), limits()],
    maskedErrors: { maskError: (error) => masked(error, deps.report) },
  });
  const sockets = graphqlSockets({
    stopping: deps.stopping,
    execute: (args) => (args.rootValue as Enveloped).execute(args),
    subscribe: (args) => (args.rootValue as Enveloped).subscribe(args),
    async prepare(_context, _id, { query, variables, operationName }) {
      const enveloped = yoga.getEnveloped({}) as unknown as Enveloped;
      const { schema, parse, validate, contextFactory } = enveloped;
      let document: DocumentNode;
      try {
        document = parse(query);
      } catch (error) {
        return [error as GraphQLError];
      }
      const errors = validate(schema, document);
      if (errors.length > 0) return [...errors];
      return {
        schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: await contextFactory(),
        rootValue: enveloped,
      };
    },
  });

  const app = createRouter();
  app.openapi(byGet, answer);
  app.openapi(byPost, answer);

  async function answer(c: Context): Promise<Response> {
    if (wantsWebSocket(c)) return sockets(c.req.raw);
    const wantsPage = c.req.header("accept")?.includes("text/html") && !c.req.query("query");
    if (c.req.method === "GET" && wantsPage) return await playground(endpoint);
    return await yoga.fetch(c.req.raw);
  }

  return app;
}

type Enveloped = ReturnType<ReturnType<typeof createYoga>["getEnveloped"]>;

/** The page is nine megabytes: read when first asked for. */
async function playground(endpoint: string): Promise<Response> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const page = await renderGraphiQL({ endpoint, title: "Telltale GraphQL", defaultQuery: EXAMPLE });
  return new Response(page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": PLAYGROUND_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

const EXAMPLE = `# What sensors read, and what was odd about it.
{
  anomalyAlerts(resolved: false, limit: 5) { id sensorId severity message timestamp }
  sensorData(limit: 10) { sensorId timestamp value unit isAnomaly anomalyScore }
}
`;

interface Stoppable {
  readonly args: ExecutionArgs;
  setResultAndStopExecution(result: { errors: GraphQLError[] }): void;
}

/** Refuses what goes too deep or may fetch too much, before any of it runs. */
function limits(): Plugin {
  function refuse({ args, setResultAndStopExecution }: Stoppable): void {
    const refused = tooMuch(args.document, args.operationName, args.variableValues ?? {});
    if (refused) setResultAndStopExecution({ errors: [refusal(refused)] });
  }
  return { onExecute: refuse, onSubscribe: refuse };
}

function refusal({ code, message }: { code: string; message: string }): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}

/** What is meant for whoever asked; all else is reported and stays with us. */
function masked(error: unknown, report: (error: Error) => void): Error {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  if (error instanceof GraphQLError && cause === undefined) return error;
  if (cause instanceof GraphQLError) return error as GraphQLError;
  const place = error instanceof GraphQLError
    ? { nodes: error.nodes ?? null, path: error.path ?? null }
    : {};
  const told = (message: string, code: string) =>
    new GraphQLError(message, { ...place, extensions: { code } });
  if (cause instanceof ProblemError || cause instanceof BusUnavailableError) {
    return told(cause.message, cause.code);
  }
  if (cause instanceof CursorError) return told(cause.message, "BAD_USER_INPUT");
  if (cause instanceof TooSlowError) return told(cause.message, "TOO_SLOW");
  report(cause instanceof Error ? cause : new Error(String(cause)));
  return told("Something failed on our side; try again shortly", "INTERNAL");
}
