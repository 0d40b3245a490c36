/**
 * How often a rolling bearing's parts meet, from its geometry (Randall and Antoni 2011, eq. 1 to 4):
 * with n balls of diameter d on a pitch circle D, contact angle φ, r = d/D · cos φ, and the inner
 * race turning with the shaft:
 *
 *   BPFO = n/2 · (1 − r)        a ball passes a spot of the outer race
 *   BPFI = n/2 · (1 + r)        a ball passes a spot of the inner race
 *   BSF  = D/2d · (1 − r²)      a ball turns: a spot on it meets the one race, and between, the other
 *   FTF  = 1/2 · (1 − r)        the cage turns
 *
 * Balls do not roll perfectly: what is seen differs from these by one or two per cent.
 */

/** Lengths in one unit, whichever. */
export interface BearingGeometry {
  readonly balls: number;
  readonly ballDiameter: number;
  readonly pitchDiameter: number;
  /** Degrees; 0 where not given. */
  readonly contactAngle?: number | null | undefined;
}

/** Times per turn of the shaft. */
export interface FaultOrders {
  readonly outer: number;
  readonly inner: number;
  readonly ball: number;
  readonly cage: number;
}

/** Undefined for what cannot be a bearing: balls wider than their circle, or too many for it. */
export function faultOrdersOf(geometry: BearingGeometry): FaultOrders | undefined {
  const { balls, ballDiameter, pitchDiameter, contactAngle } = geometry;
  const slimness = ballDiameter / pitchDiameter;
  const isBearing = balls >= 1 && slimness > 0 && slimness < 1 &&
    balls * ballDiameter <= Math.PI * pitchDiameter;
  if (!isBearing) return undefined;
  const r = slimness * Math.cos((contactAngle ?? 0) * Math.PI / 180);
  return {
    outer: balls / 2 * (1 - r),
    inner: balls / 2 * (1 + r),
    ball: (1 - r * r) / (2 * slimness),
    cage: (1 - r) / 2,
  };
}
