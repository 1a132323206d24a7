import { hostFacts, planMove, Refusal, type Change, type End } from "./plan.ts";

const uuid = "0b0b0b0b-1111-4222-8333-444444444444";
const metadata = {
  uuid,
  name: "one",
  last_accessed: "2026-01-01T00:00:00Z",
  command: "top",
  limits: { pids: 9 },
};
const empty = {
  agent_id: "a1",
  home: false,
  metadata: null,
  copy: null,
  running: false,
  bytes: 0,
  files: 0,
  longest_path: 0,
  free_bytes: 50 * 2 ** 30,
  total_bytes: 100 * 2 ** 30,
  free_files: 1_000,
  sessions: [],
  moved: null,
};
const full = { ...empty, home: true, metadata, bytes: 2 ** 30, files: 3 };

const end = (name: string, facts: object): End => ({ name, facts: hostFacts.parse(facts) });
const plan = (from: object, to: object = {}, change: Change = {}) =>
  planMove(uuid, end("here", { ...full, ...from }), end("there", { ...empty, ...to }), change);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return `${error.kind}: ${error.message}: ${error.remedy}`;
    throw error;
  }
  return "not refused";
}

test("a session that can move keeps all its metadata, also what is not read here", () => {
  expect(plan({})).toEqual({ kind: "move", metadata });
});

test("its port and DNS name may be changed, or left behind", () => {
  const from = { metadata: { ...metadata, port: 80, dns_name: "web" } };
  expect(plan(from, {}, { port: 81 })).toMatchObject({ metadata: { port: 81, dns_name: "web" } });
  expect(plan(from, {}, { port: null, dnsName: null })).toEqual({ kind: "move", metadata });
});

test.each([
  ["a running one", () => plan({ running: true }), /refused: the session runs on here: Kill it first/],
  ["one that is not there", () => plan(empty), /notFound: here has no session 0b0b/],
  ["one without its home", () => plan({ home: false }), /refused: the home of 0b0b.* is missing on here/],
  ["a target that is no agent", () => plan({}, { agent_id: null }), /refused: there is no agent host/],
  ["a UUID that is taken", () => plan({}, { metadata }), /refused: there has a session with UUID/],
  ["a directory in its place", () => plan({}, { home: true }), /refused: there has a session with UUID/],
  [
    "too little room, with figures",
    () => plan({ bytes: 41 * 2 ** 30 }),
    /the home takes 41\.00 GiB, 50\.00 GiB of 100\.00 GiB are free, and 10 % must stay so/,
  ],
  [
    "more files than the target takes, with figures",
    () => plan({ files: 1_001 }),
    /the home has 1001 files, and the filesystem there takes 1000 more/,
  ],
  [
    "a file that lies too deep to be unpacked",
    () => plan({ longest_path: 4_001 }),
    /so deep on here that its path has 4001 bytes, and no more than 4000/,
  ],
  [
    "a taken port",
    () => plan({ metadata: { ...metadata, port: 80 } }, { sessions: [{ uuid: "u", name: "two", port: 80 }] }),
    /port 80\/tcp belongs to session "two" on there: .*--port/,
  ],
  [
    "a taken DNS name",
    () =>
      plan(
        { metadata: { ...metadata, dns_name: "web" } },
        { sessions: [{ uuid: "u", name: "two", dns_name: "web" }] },
      ),
    /DNS name web belongs to session "two" on there: .*--dns-name/,
  ],
  [
    "a copy that was used since",
    () =>
      plan(
        {},
        { ...full, moved: "f".repeat(64), metadata: { ...metadata, last_accessed: "2026-02-02T00:00:00Z" } },
      ),
    /an earlier move copied the session to there, and it was used since/,
  ],
  ["a copy that runs", () => plan({}, { ...full, moved: "f".repeat(64), running: true }), /used since/],
])("refuses %s", (_, run, words) => {
  expect(refusal(run)).toMatch(words);
});

test("the same port of another protocol is free, and so is a port that is changed", () => {
  const from = { metadata: { ...metadata, port: 80, protocol: "udp" } };
  const to = { sessions: [{ uuid: "u", name: "two", port: 80 }] };
  expect(plan(from, to).kind).toBe("move");
  expect(plan({ metadata: { ...metadata, port: 80 } }, to, { port: 81 }).kind).toBe("move");
});

test("an earlier run that got as far as the copy is finished, and one that only did not say so is over", () => {
  const copied = { ...full, moved: "f".repeat(64) };
  expect(plan({}, copied)).toEqual({ kind: "finish", sum: "f".repeat(64) });
  expect(plan(empty, copied)).toEqual({ kind: "over" });
});

test("an orphan has what its copy says, and none of what would grant it something", () => {
  const copy = { uuid, name: "orphan", port: 80, limits: { pids: 1e9 }, mounts: ["/"], command: "rm -rf /" };
  const planned = plan({ metadata: null, copy });
  expect(planned).toMatchObject({ metadata: { uuid, name: "orphan", port: 80 } });
  expect(JSON.stringify(planned)).not.toMatch(/limits|mounts|command/);
});

test.each([null, "text", { uuid: "another", name: "x" }, { uuid }])(
  "an orphan whose copy is %j gets a name",
  (copy) => {
    expect(plan({ metadata: null, copy })).toMatchObject({ metadata: { uuid, name: "recovered-0b0b0b0b" } });
  },
);

test("a filesystem that does not count its files has room for any number", () => {
  expect(plan({ files: 1e6 }, { free_files: null }).kind).toBe("move");
});

test("what an orphan's own root wrote is not believed where no operator could have asked for it", () => {
  const copy = {
    uuid,
    name: "x\u001b[2J",
    port: -1,
    protocol: "tcp 80",
    dns_name: "web\n10.0.0.1 bank",
    created_at: "soon",
    last_accessed: "2026-01-01\nT",
  };
  const planned = plan({ metadata: null, copy });
  if (planned.kind !== "move") throw new Error("it moves");
  const { created_at, last_accessed, ...rest } = planned.metadata;
  expect(rest).toEqual({ uuid, name: "recovered-0b0b0b0b" });
  expect(`${String(created_at)} ${String(last_accessed)}`).toMatch(
    /^\d{4}-\d\d-\d\dT\S+Z \d{4}-\d\d-\d\dT\S+Z$/,
  );
  for (const port of [70_000, 1.5])
    expect(plan({ metadata: null, copy: { uuid, name: "x", port } })).not.toHaveProperty("metadata.port");
});

test("broken metadata of other sessions hides none that is whole", () => {
  const sessions = [null, 7, { name: 9 }, { uuid: "u", name: "two", port: 80 }];
  expect(refusal(() => plan({ metadata: { ...metadata, port: 80 } }, { sessions }))).toMatch(
    /belongs to session "two"/,
  );
});
