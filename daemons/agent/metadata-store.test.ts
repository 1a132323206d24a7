import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../host/eventually.fake.ts";
import { MemoryLog } from "../host/log.fake.ts";
import { MetadataStore } from "./metadata-store.ts";
import { sample, scratchFolder, uuid } from "./scratch-folder.fake.ts";

const folder = scratchFolder();
const log = new MemoryLog();
const made = new Set<string>();
const isMade = (id: string) => Promise.resolve(made.has(id));
const store = () => new MetadataStore(join(folder.path, "sessions"), log);
const file = (name: string) => join(folder.path, "sessions", name);

test("what is written is loaded again, removed is gone; nobody else may read it", async () => {
  await store().load(isMade);
  await store().write(sample(1, { port: 1001, labels: { team: "a" }, limits: { pids: 5 } }));
  await store().write(sample(2));
  expect((statSync(file(`${uuid(1)}.json`)).mode & 0o777).toString(8)).toBe("600");
  expect((await store().load(isMade)).sort((a, b) => a.uuid.localeCompare(b.uuid))).toEqual([
    sample(1, { port: 1001, labels: { team: "a" }, limits: { pids: 5 } }),
    sample(2),
  ]);
  await store().discard(uuid(1), () => undefined);
  expect(await store().load(isMade)).toEqual([sample(2)]);
});

test("changes made at once come one after another, each on what the one before left; none outlives a removal", async () => {
  const one = store();
  await one.load(isMade);
  let now: ReturnType<typeof sample> | null = sample(1);
  const change = (more: object) =>
    one.update(
      () => now && { ...now, ...more },
      (session) => (now = session),
    );
  await Promise.all([change({ name: "new" }), change({ port: 80 }), change({ dns_name: "x" })]);
  const all = sample(1, { name: "new", port: 80, dns_name: "x" });
  expect([now, await one.load(isMade)]).toEqual([all, [all]]);
  await expect(
    one.update(
      () => ({ ...all, uuid: ".." }),
      () => undefined,
    ),
  ).rejects.toThrow();
  await Promise.all([one.discard(uuid(1), () => (now = null)), change({ name: "back again" })]);
  expect(await one.load(isMade)).toEqual([]);
});

test("a crash while writing leaves the old content: the half new file is removed", async () => {
  await store().load(isMade);
  await store().write(sample(1));
  writeFileSync(file(`${uuid(1)}.json.new`), '{"uuid": "0000');
  expect(await store().load(isMade)).toEqual([sample(1)]);
  expect(readdirSync(join(folder.path, "sessions"))).toEqual([`${uuid(1)}.json`]);
});

const broken: [string, string, string][] = [
  ["half a file", `${uuid(2)}.json`, '{"uuid": "0000'],
  ["zeros after a power loss", `${uuid(2)}.json`, "\0".repeat(64)],
  ["an empty file", `${uuid(2)}.json`, ""],
  ["another session's", `${uuid(2)}.json`, JSON.stringify(sample(3))],
  ["a uuid that is a path", "..%2f.json", JSON.stringify({ ...sample(2), uuid: "../../etc" })],
  ["a wrong type", `${uuid(2)}.json`, JSON.stringify(sample(2, { port: "22" }))],
];
test.each(broken)("%s is set aside and told, and hides no other", async (_, name, text) => {
  await store().load(isMade);
  await store().write(sample(1));
  writeFileSync(file(name), text);
  expect(await store().load(isMade)).toEqual([sample(1)]);
  expect(readFileSync(file(`${name}.broken`), "utf8")).toBe(text);
  expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { file: name } });
  expect(await store().load(isMade)).toEqual([sample(1)]);
});

test("what cannot be read at all hides no other", async () => {
  await store().load(isMade);
  await store().write(sample(1));
  mkdirSync(file(`${uuid(2)}.json`));
  expect(await store().load(isMade)).toEqual([sample(1)]);
});

test("a session being made is all or nothing: it counts when its home is there, whenever the crash came", async () => {
  await store().load(isMade);
  const never = () => new Promise<void>(() => undefined);
  void store().make(sample(1, { command: "x" }), never);
  void store().make(sample(2), never);
  await eventually(() => existsSync(file(`${uuid(1)}.making`)) && existsSync(file(`${uuid(2)}.making`)));
  made.add(uuid(1));
  expect(await store().load(isMade)).toEqual([sample(1, { command: "x" })]);
  expect(readdirSync(join(folder.path, "sessions"))).toEqual([`${uuid(1)}.json`]);
});

test("when its home cannot be made, nothing is kept of it", async () => {
  await store().load(isMade);
  await expect(store().make(sample(1), () => Promise.reject(new Error("no room")))).rejects.toThrow(
    "no room",
  );
  expect(readdirSync(join(folder.path, "sessions"))).toEqual([]);
});

test("a deleted session is not known any more, but its home is not forgotten until it is gone", async () => {
  await store().load(isMade);
  await store().write(sample(1));
  await store().discard(uuid(1), () => undefined);
  expect([await store().load(isMade), await store().discarded()]).toEqual([[], [uuid(1)]]);
  await store().forget(uuid(1));
  expect(await store().discarded()).toEqual([]);
});
