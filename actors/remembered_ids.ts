/**
 * Ids of many messages in little room: eight characters each, the latest thousand of them.
 *
 * A machine with fifteen bearings reports 45 times a round, so the few ids that every device's actor
 * keeps word for word do not reach back to the round before. Of 48 bits each, two different ids
 * among a thousand are the same once in 10¹¹ messages.
 */

export const REMEMBERED_MAX = 1_024;
const CHARACTERS = 8;

export function isRemembered(ids: string | undefined, id: string | undefined): boolean {
  if (ids === undefined || id === undefined) return false;
  const wanted = shortened(id);
  let at = ids.indexOf(wanted);
  // What is found across two ids is none.
  while (at >= 0 && at % CHARACTERS !== 0) at = ids.indexOf(wanted, at + 1);
  return at >= 0;
}

/** The ids with one more; the oldest gives way. */
export function remember(ids: string | undefined, id: string): string {
  return ((ids ?? "") + shortened(id)).slice(-REMEMBERED_MAX * CHARACTERS);
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Two sums over the text that share nothing, 24 bits of each (cyrb53's mixing, public domain). */
function shortened(id: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return fourDigits(high) + fourDigits(low);
}

function fourDigits(bits: number): string {
  let text = "";
  for (let shift = 0; shift < 24; shift += 6) text += DIGITS[(bits >>> shift) & 63];
  return text;
}
