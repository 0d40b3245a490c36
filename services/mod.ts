/** What a single box starts for itself: its PostgreSQL and its NATS. */
export { type DataFolder, holdDataFolder } from "./data_folder.ts";
export { provideDatabase, type ProvidedDatabase } from "./database.ts";
export { ServiceError } from "./errors.ts";
export type { ServiceEvent } from "./supervisor.ts";
