/** GraphQL over a WebSocket, by the protocol `graphql-transport-ws`. */
import type { ExecutionArgs } from "graphql";
import {
  CloseCode,
  GRAPHQL_TRANSPORT_WS_PROTOCOL,
  makeServer,
  type ServerOptions,
} from "graphql-ws";
import { upgrade } from "../live/web_socket.ts";

type Subscribe = NonNullable<ServerOptions["onSubscribe"]>;
type Execute = NonNullable<ServerOptions["execute"]>;

export interface GraphqlSocketOptions {
  /** The operation, parsed and validated; or what is wrong with it. */
  readonly prepare: (...asked: Parameters<Subscribe>) => ReturnType<Subscribe>;
  readonly execute: (args: ExecutionArgs) => ReturnType<Execute>;
  readonly subscribe: (args: ExecutionArgs) => ReturnType<Execute>;
  readonly stopping: AbortSignal;
}

/** Operations of one client at once. */
const OPERATIONS_MAX = 100;
/** A client that reads no more than this is let go. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
const MESSAGE_LENGTH_MAX = 256 * 1024;
const TRY_AGAIN_LATER = 1013;
const GOING_AWAY = 1001;
const TOO_BIG = 1009;

/** Returns what answers an upgrade of the connection. */
export function graphqlSockets(
  { prepare, execute, subscribe, stopping }: GraphqlSocketOptions,
): (request: Request) => Response {
  const server = makeServer({
    execute: (args) => execute(args as ExecutionArgs),
    subscribe: (args) => subscribe(args as ExecutionArgs),
    onSubscribe(context, ...asked) {
      if (Object.keys(context.subscriptions).length > OPERATIONS_MAX) {
        throw new Error(`A connection may have ${OPERATIONS_MAX} operations at once`);
      }
      return prepare(context, ...asked);
    },
  });

  return (request) => {
    const { socket, response } = upgrade(request, GRAPHQL_TRANSPORT_WS_PROTOCOL);
    const end = () => socket.close(GOING_AWAY, "The server is stopping");
    socket.onopen = () => {
      const closed = server.opened({
        // Agreed on in the handshake, or there would be no connection; Deno does not say so here.
        protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL,
        send(text) {
          if (socket.readyState !== WebSocket.OPEN) return;
          socket.send(text);
          if (socket.bufferedAmount > WAITING_BYTES_MAX) socket.close(TRY_AGAIN_LATER, "too-slow");
        },
        close: (code, reason) => socket.close(code, reason),
        onMessage(take) {
          socket.onmessage = async ({ data }) => {
            if (typeof data !== "string" || data.length > MESSAGE_LENGTH_MAX) {
              return socket.close(TOO_BIG, "Message too big");
            }
            try {
              await take(data);
            } catch {
              // What it is stays with us; the protocol's own refusals do not come this way.
              socket.close(CloseCode.InternalServerError, "Internal server error");
            }
          };
        },
      }, { socket });
      socket.onclose = ({ code, reason }) => {
        stopping.removeEventListener("abort", end);
        closed(code, reason);
      };
      stopping.addEventListener("abort", end);
      if (stopping.aborted) end();
    };
    return response;
  };
}
