/** A command was called in a way it does not understand: exit code 2, by custom. */
import { UserError } from "./command.ts";

export class UsageError extends UserError {}
