import assert from "node:assert/strict";
import {
  filtersOf,
  isReplySubject,
  parseSubject,
  publishedSubject,
  subjectOf,
} from "../../events/bus/subjects.ts";
import { ADDRESSEES, deviceOf } from "../../events/vocabulary.ts";

Deno.test("a subject names a device, or a fleet's models, and what is said", () => {
  for (const kind of ADDRESSEES) {
    const id = "Pump_7:a-B";
    const address = parseSubject(subjectOf(kind, id, "reading"));
    assert.ok(address.ok);
    const expected = kind === "atm" ? "PUMP_7:A-B" : id;
    assert.deepEqual([address.kind, address.id, address.message], [kind, expected, "reading"]);
    assert.deepEqual(deviceOf(address.stream), { kind, id: expected });
  }
});

Deno.test("an ATM is the same whatever the case of its id; other devices are not", () => {
  const streamOf = (subject: string) => {
    const address = parseSubject(subject);
    return address.ok && address.stream;
  };
  assert.equal(streamOf("devices.atm.atm-1.telemetry"), streamOf("devices.atm.ATM-1.telemetry"));
  assert.notEqual(streamOf("devices.sensor.s-1.reading"), streamOf("devices.sensor.S-1.reading"));
});

Deno.test("a subject that names no device says what was expected", () => {
  const wrong = [
    "devices",
    "devices.atm",
    "devices.atm.A",
    "devices.atm.A.b.c",
    "other.atm.A.telemetry",
    "devices.robot.A.reading",
    "devices.system.partition-0.reading",
    "devices.constructor.A.reading",
    "devices.sensor..reading",
    "devices.sensor.a/b.reading",
    "devices.sensor.é.reading",
    "devices.sensor.a\n.reading",
    `devices.sensor.${"x".repeat(65)}.reading`,
    "devices.sensor.__proto__\0.reading",
  ];
  for (const subject of wrong) {
    for (const time of ["first", "second"]) {
      const address = parseSubject(subject);
      assert.ok(!address.ok, `${subject}, the ${time} time`);
      assert.equal(address.code, "bad-subject");
      assert.ok(address.reason.startsWith(`Cannot read subject "${subject}": `));
    }
  }
  assert.ok(parseSubject(`devices.sensor.${"x".repeat(64)}.reading`).ok);
});

Deno.test("what JetStream put before a subject is taken off, and nothing else", () => {
  const subject = "devices.sensor.S-1.reading";
  assert.equal(publishedSubject(subject), subject);
  assert.equal(publishedSubject(`p.0.${subject}`), subject);
  assert.equal(publishedSubject(`p.17.${subject}`), subject);
});

Deno.test("every subject reaches exactly one of several partitions", () => {
  assert.deepEqual(filtersOf(0, 1), []);
  const partitions = [0, 1, 2].map((partition) => filtersOf(partition, 3));
  const reaching = (subject: string) =>
    partitions.filter((filters) =>
      filters.some((filter) => subject.startsWith(filter.replace(">", "")))
    ).length;
  for (const subject of ["p.0.devices.atm.A.x", "p.1.devices.atm.B.x", "p.2.devices.a.b.c"]) {
    assert.equal(reaching(subject), 1, subject);
  }
  assert.equal(reaching("devices.fits.no.pattern.at.all"), 1);
});

Deno.test("answers go to inboxes, not to the broker's API nor to devices", () => {
  for (const subject of ["_INBOX.abc.1", "replies", "my.own-inbox.7", "_R_.x"]) {
    assert.ok(isReplySubject(subject), subject);
  }
  const refused = [
    "",
    " ",
    "a b",
    "a..b",
    ".a",
    "a.",
    "a.*",
    ">",
    "$JS.API.STREAM.DELETE.DEVICES",
    "$SYS.REQ.SERVER.PING",
    "devices.sensor.S-1.reading",
    "p.0.devices.sensor.S-1.reading",
    "x".repeat(257),
  ];
  for (const subject of refused) assert.ok(!isReplySubject(subject), subject);
});
