/** What a sensor says: one value at one moment. */
import { z } from "zod";

/** Body of `devices.sensor.<id>.reading`. */
export const SensorReading = z.object({
  sensor_id: z.string().min(1).max(50).nullish(),
  sensor_type: z.string().min(1).max(50).nullish(),
  value: z.number(),
  unit: z.string().max(20).nullish(),
  location: z.string().max(100).nullish(),
  metadata: z.unknown().optional(),
  timestamp: z.string().nullish(),
});
export type SensorReading = z.infer<typeof SensorReading>;
