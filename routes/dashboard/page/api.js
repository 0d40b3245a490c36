/** Asks this server, and says in words what went wrong. */

const TIMEOUT_MS = 10_000;

/** What the API answered with instead of an answer. */
export class ProblemError extends Error {
  constructor(status, message) {
    super(message);
    this.name = "ProblemError";
    this.status = status;
  }
}

/**
 * `get("/devices", { kind: "atm" })`; parameters that are empty are left out. What begins with
 * `/api/` is the whole path: the plant's own API has its own.
 */
export async function get(path, parameters = {}) {
  const url = new URL(path.startsWith("/api/") ? path : `/api/v1${path}`, location.origin);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return await answerOf(fetch(url, {
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }));
}

/** `send("POST", "/reports", { format: "csv" })`; undefined where the answer has no body. */
export async function send(method, path, body) {
  return await answerOf(fetch(`/api/v1${path}`, {
    method,
    headers: { accept: "application/json", "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }));
}

async function answerOf(asking) {
  const response = await asking;
  const body = await response.json().catch(() => undefined);
  if (!response.ok) {
    const said = body?.detail ?? body?.title ?? response.statusText;
    throw new ProblemError(response.status, `${response.status}: ${said}`);
  }
  return body;
}

export function devicePath(kind, id) {
  return `/devices/${encodeURIComponent(kind)}/${encodeURIComponent(id)}`;
}
