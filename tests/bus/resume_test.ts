import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type BrokerView,
  type Checkpoint,
  type Resume,
  resumeFrom,
} from "../../events/bus/resume.ts";

const TIME = 1_777_000_000_000_000;
const CREATED = "2026-05-01T00:00:00.123456789Z";

const checkpoint: Checkpoint = {
  epoch: 0,
  sequence: 100,
  sequenceTimeUs: TIME,
  streamCreated: CREATED,
};
const broker: BrokerView = {
  created: CREATED,
  firstSequence: 1,
  lastSequence: 150,
  timeAtCheckpointUs: TIME,
};
const never: Checkpoint = { epoch: 0, sequence: 0, sequenceTimeUs: 0, streamCreated: "" };

interface Case {
  readonly at?: Partial<Checkpoint>;
  readonly sees?: Partial<BrokerView>;
  readonly then: Resume | { readonly from: "time"; readonly afterUs: number };
}

const next: Resume = { from: "sequence", sequence: 101 };
const byTime = { from: "time", afterUs: TIME } as const;

const CASES: Readonly<Record<string, Case>> = {
  "the same message at the checkpoint: the next one": { then: next },
  "nothing new: the next one": { sees: { lastSequence: 100 }, then: next },
  "the checkpoint trimmed away: the next one": {
    sees: { firstSequence: 101, timeAtCheckpointUs: undefined },
    then: next,
  },
  "everything trimmed away: the next one": {
    sees: { firstSequence: 101, lastSequence: 100, timeAtCheckpointUs: undefined },
    then: next,
  },
  "the checkpoint's message deleted by somebody: the next one": {
    sees: { timeAtCheckpointUs: undefined },
    then: next,
  },
  "messages trimmed away unread: the first there is, and which are missing": {
    sees: { firstSequence: 120, timeAtCheckpointUs: undefined },
    then: {
      from: "sequence",
      sequence: 120,
      missing: { fromSequence: 101, toSequence: 119 },
    },
  },
  "emptied with messages unread: what comes next, and which are missing": {
    sees: { firstSequence: 151, lastSequence: 150, timeAtCheckpointUs: undefined },
    then: {
      from: "sequence",
      sequence: 151,
      missing: { fromSequence: 101, toSequence: 150 },
    },
  },
  "another message at the checkpoint: by time": {
    sees: { timeAtCheckpointUs: TIME + 1 },
    then: byTime,
  },
  "the tail lost: by time": {
    sees: { lastSequence: 99, timeAtCheckpointUs: undefined },
    then: byTime,
  },
  "another stream of the name: by time": {
    sees: { created: "2026-06-01T00:00:00Z", lastSequence: 5_000 },
    then: byTime,
  },
  "another stream, and nothing of the old one was read: all of it, by time": {
    at: { sequence: 0, sequenceTimeUs: 0 },
    sees: { created: "2026-06-01T00:00:00Z", timeAtCheckpointUs: undefined },
    then: { from: "time", afterUs: 0 },
  },
  "a time that is not known cannot differ": {
    at: { sequenceTimeUs: 0 },
    then: next,
  },
  "never read before: from the first": {
    at: never,
    sees: { timeAtCheckpointUs: undefined },
    then: { from: "sequence", sequence: 1 },
  },
  "never read before, an empty stream: from the first": {
    at: never,
    sees: { firstSequence: 0, lastSequence: 0, timeAtCheckpointUs: undefined },
    then: { from: "sequence", sequence: 1 },
  },
  "never read before, and the beginning gone: which are missing": {
    at: never,
    sees: { firstSequence: 7, timeAtCheckpointUs: undefined },
    then: { from: "sequence", sequence: 7, missing: { fromSequence: 1, toSequence: 6 } },
  },
};

for (const [name, { at, sees, then }] of Object.entries(CASES)) {
  Deno.test(`resuming, ${name}`, () => {
    const resume = resumeFrom({ ...checkpoint, ...at }, { ...broker, ...sees });
    if (resume.from === "time") {
      const { why, ...rest } = resume;
      assert.deepEqual(rest, then);
      assert.ok(why.length > 0);
    } else {
      assert.deepEqual(resume, then);
    }
  });
}

Deno.test("in one and the same history no message is read twice, and none is passed over unsaid", () => {
  fc.assert(
    fc.property(
      fc.record({
        sequence: fc.nat(200),
        first: fc.integer({ min: 1, max: 300 }),
        more: fc.nat(50),
      }),
      ({ sequence, first, more }) => {
        const lastSequence = Math.max(sequence, first - 1) + more;
        const kept = first <= sequence && sequence <= lastSequence;
        const resume = resumeFrom(
          { ...checkpoint, sequence },
          {
            created: CREATED,
            firstSequence: first,
            lastSequence,
            timeAtCheckpointUs: kept && sequence > 0 ? TIME : undefined,
          },
        );
        assert.ok(resume.from === "sequence");
        assert.ok(resume.sequence > sequence && resume.sequence >= first);
        const unread = resume.sequence - 1 - sequence;
        const { fromSequence = sequence + 1, toSequence = sequence } = resume.missing ?? {};
        assert.equal(toSequence - fromSequence + 1, unread);
      },
    ),
    { seed: 20_260_501, numRuns: 500 },
  );
});
