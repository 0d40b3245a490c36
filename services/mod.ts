/** What a single box starts for itself: its PostgreSQL and its NATS. */
export { endAllAtOnce } from "./at_once.ts";
export { provideBroker, type ProvidedBroker } from "./broker.ts";
export { type DataFolder, lockDataFolder } from "./data_folder.ts";
export { provideDatabase, type ProvidedDatabase } from "./database.ts";
export { ServiceError } from "./errors.ts";
export type { ServiceEvent } from "./supervisor.ts";
