/** A server, a port or a folder that Telltale needs and cannot have, and what to do about it. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
