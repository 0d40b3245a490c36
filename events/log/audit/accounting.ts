/**
 * Whether every message the broker kept for us became something: an event, a recognised repeat, a
 * quarantine row, or a recorded loss.
 *
 * Sequences count within one history of the broker, an epoch. With several partitions each sees
 * only its own share, so their shares are laid together; that is possible as long as they speak
 * of the same history. Once a broker's past has changed, each partition numbers its epochs by
 * what it noticed, and no union can be claimed: the account then says so instead of guessing.
 */
import { type Findings, span } from "./findings.ts";
import {
  createSequenceSet,
  type SequenceRange,
  type SequenceSet,
  uncovered,
} from "./sequence_set.ts";

export interface Accounted {
  readonly partition: number;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
}

export interface Accounting {
  /** A message was dealt with; false where it had been already. */
  dealtWith(partition: number, epoch: number, sequence: number): boolean;
  /** The log says that the broker lost these. */
  lost(partition: number, epoch: number, range: SequenceRange): void;
  /** The log says that this history was read from behind this sequence. */
  begins(partition: number, epoch: number, after: number): void;
  /** A batch of this history ended at this sequence. */
  reaches(partition: number, epoch: number, sequence: number): void;
  /** What was proved, after adding a finding for every gap; undefined where nothing could be. */
  conclude(findings: Findings): readonly Accounted[] | undefined;
}

interface History {
  readonly partition: number;
  readonly epoch: number;
  readonly sequences: SequenceSet;
  readonly losses: SequenceRange[];
  after: number | undefined;
  reached: number;
}

export function createAccounting(partitions: readonly number[]): Accounting {
  const histories = new Map<string, History>();

  function history(partition: number, epoch: number): History {
    const key = `${partition}/${epoch}`;
    let found = histories.get(key);
    if (!found) {
      found = {
        partition,
        epoch,
        sequences: createSequenceSet(),
        losses: [],
        // The first history is read from its first message on; what was not there is a loss.
        after: epoch === 0 ? 0 : undefined,
        reached: 0,
      };
      histories.set(key, found);
    }
    return found;
  }

  function check(
    parts: readonly History[],
    from: number,
    to: number,
    findings: Findings,
  ): Accounted | undefined {
    const [first] = parts;
    if (!first) return undefined;
    const gaps = uncovered(
      parts.map((part) => part.sequences),
      parts.flatMap((part) => part.losses),
      from,
      to,
    );
    const { partition, epoch } = first;
    for (const gap of gaps) {
      findings.add({
        code: "sequence-unaccounted",
        partition,
        epoch,
        sequence: gap.from,
        message: `${
          span("message", gap.from, gap.to)
        } of the broker's history ${epoch}: expected an event, a repeat, a quarantine row or a recorded loss, found none`,
      });
    }
    return { partition, epoch, from, to };
  }

  function checkAlone(part: History, findings: Findings): Accounted | undefined {
    if (part.after === undefined) {
      findings.add({
        code: "sequence-unaccounted",
        partition: part.partition,
        epoch: part.epoch,
        message:
          `Partition ${part.partition}: the broker's history ${part.epoch} begins without a BrokerHistoryChanged event that says where`,
      });
      return undefined;
    }
    return check([part], part.after + 1, part.reached, findings);
  }

  return {
    dealtWith: (partition, epoch, sequence) => history(partition, epoch).sequences.add(sequence),
    lost: (partition, epoch, range) => history(partition, epoch).losses.push(range),
    begins(partition, epoch, after) {
      history(partition, epoch).after = after;
    },
    reaches(partition, epoch, sequence) {
      const found = history(partition, epoch);
      found.reached = Math.max(found.reached, sequence);
    },
    conclude(findings) {
      const all = [...histories.values()];
      if (partitions.length === 1) {
        return all.map((part) => checkAlone(part, findings)).filter((part) => part !== undefined);
      }
      if (all.some((part) => part.epoch > 0)) return undefined;
      // A partition whose devices are quiet stays behind; beyond it, a gap proves nothing.
      const to = Math.min(
        ...partitions.map((partition) => histories.get(`${partition}/0`)?.reached ?? 0),
      );
      const accounted = check(all, 1, to, findings);
      return accounted ? [accounted] : [];
    },
  };
}
