import type { Op } from "../../protocol/rpc.ts";

/** What is wrong for a field of a request, by the field's name. Every field of every operation has rows here. */
export interface Wrong {
  what: string;
  value: unknown;
  code: string;
  /** What the error says; by default the field's name. */
  says?: RegExp;
  /** Other fields that go with it. */
  and?: Record<string, unknown>;
}

const mistyped = (...values: unknown[]): Wrong[] =>
  values.map((value) => ({ what: "the wrong type", value, code: "bad_params" }));
const noText = mistyped(7, true, {}, ["x"]);
const tooLong = (most: number): Wrong => ({
  what: `over ${String(most)} characters`,
  value: "x".repeat(most + 1),
  code: "bad_params",
});
const wrong =
  (code: string, says?: RegExp) =>
  (what: string, value: unknown, and: Record<string, unknown> = {}): Wrong => ({
    what,
    value,
    code,
    ...(says && { says }),
    and,
  });

const noId = wrong("not_found", /^session ".*" does not exist$/s);
const ids: Wrong[] = [
  ...noText,
  noId("empty", ""),
  noId("null", null),
  noId("no UUID", "x"),
  noId("too long", "x".repeat(100_000)),
  noId("nobody's", "00000000-0000-4000-8000-000000000404"),
];
const badName = wrong("name_invalid");
const badPort = wrong("port_invalid");
const badProtocol = wrong("protocol_invalid");
const badDns = wrong("dns_name_invalid", /DNS name/);
const badParam = wrong("bad_params");
const repo = { repo: "https://example.org/x.git" };

const noUuid = wrong("bad_params", /^id: /);

/** Where an operation means something else by a field of the same name. */
export const otherwise: Partial<Record<Op, Record<string, Wrong[]>>> = {
  import: {
    id: [
      ...noText,
      noUuid("empty", ""),
      noUuid("null", null),
      noUuid("a path", "../x"),
      noUuid("too long", "x".repeat(100_000)),
      noUuid("in capitals", "00000000-0000-4000-8000-0000000000AA"),
    ],
  },
};

export const wrongs: Record<string, Wrong[]> = {
  id: ids,
  source_id: ids,
  name: [
    ...noText,
    badName("empty", ""),
    badName("null", null),
    badName("blank", "  "),
    badName("too long", "x".repeat(65)),
    badName("much too long", "x".repeat(100_000)),
    badName("with a control character", "a\u001b[2Jb"),
    badName("with a slash", "../x"),
  ],
  port: [
    ...mistyped("80", true, {}, [80], 1.5, 1e300),
    badPort("below -1", -2),
    badPort("over 65,535", 65_536),
    wrong("port_taken", /port 4000\/tcp is already assigned/)("another's", 4_000),
  ],
  protocol: [
    ...noText,
    badProtocol("neither", "icmp"),
    badProtocol("in capitals", "TCP"),
    badProtocol("too long", "tcp".repeat(30_000)),
  ],
  dns_name: [
    ...noText,
    badDns("blank", " "),
    badDns("too long", `${"a.".repeat(127)}b`),
    badDns("with a label of 64", "a".repeat(64)),
    badDns("with an empty label", "a..b"),
    badDns("with a slash", "a/b"),
    wrong("dns_name_taken", /DNS name "taken.example"/)("another's", "Taken.Example"),
  ],
  command: [...noText, tooLong(4_096)],
  setup: [...noText, tooLong(4_096)],
  repo: [
    ...noText,
    tooLong(1_024),
    badParam("no repository", "x"),
    badParam("an option", "--upload-pack=reboot"),
    badParam("a program", "ext::sh -c reboot"),
    badParam("a file", "file:///etc"),
  ],
  branch: [
    ...noText,
    tooLong(256),
    badParam("without a repo", "main"),
    badParam("an option", "--upload-pack=reboot", repo),
    badParam("a range", "a..b", repo),
    badParam("with a blank", "a b", repo),
  ],
  limits: mistyped("x", 7, true, []),
  "limits.memory_bytes": [...mistyped("1", true, {}, 1.5), badParam("0", 0), badParam("too little", 1_024)],
  "limits.cpus": [...mistyped("1", true, {}), badParam("negative", -1), badParam("too little", 0.001)],
  "limits.pids": [...mistyped("1", true, {}, 1.5), badParam("0", 0), badParam("too few", 2)],
  "limits.disk_bytes": [...mistyped("1", true, {}, 1.5), badParam("0", 0), badParam("negative", -1)],
  labels: [
    ...mistyped("x", 7, [], { a: 1 }, { a: {} }, { a: null }),
    badParam("with a long name", { ["k".repeat(65)]: "v" }),
    badParam("with a long value", { k: "v".repeat(257) }),
  ],
  created_at: noText,
  last_accessed: noText,
  bytes: [...mistyped("1", true, {}, 1.5), badParam("negative", -1)],
  files: [...mistyped("1", true, {}, 1.5), badParam("none", 0), badParam("negative", -1)],
  force: mistyped("true", 1, {}, []),
  lines: [...mistyped("1", true, {}, 1.5), badParam("0", 0), badParam("too many", 2_001)],
};
