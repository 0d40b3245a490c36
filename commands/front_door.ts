/**
 * The HTTP port, taken first and opened last: a port that is not free is known before anything
 * was started, and who asks too early is told so instead of being refused.
 */
import { messageOf } from "../events/errors.ts";
import { UserError } from "./command.ts";

export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Response | Promise<Response>;

export interface FrontDoor {
  open(handler: Handler): void;
  /** Takes no more requests, lets those under way end for a while, then cuts them. */
  close(): Promise<void>;
}

const PATIENCE_MS = 2_000;

export function openFrontDoor(host: string, port: number): FrontDoor {
  let handler: Handler = () => notYet();
  const cut = new AbortController();
  let server: Deno.HttpServer;
  try {
    server = Deno.serve({
      hostname: host,
      port,
      signal: cut.signal,
      onListen: () => {},
      onError: () =>
        new Response("Something failed on our side; try again shortly", { status: 500 }),
    }, (request, info) => handler(request, info));
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new UserError(
        `Cannot listen on ${host}:${port}: the port is taken; set PORT to another`,
      );
    }
    throw new UserError(
      `Cannot listen on ${host}:${port}: ${messageOf(error)}; check HOST and PORT`,
    );
  }
  return {
    open: (given) => handler = given,
    async close() {
      const ended = server.shutdown();
      const timer = setTimeout(() => cut.abort(), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function notYet(): Response {
  return new Response(
    JSON.stringify({ ok: false, parts: { start: { ok: false, detail: "starting" } } }),
    { status: 503, headers: { "content-type": "application/json", "retry-after": "1" } },
  );
}
