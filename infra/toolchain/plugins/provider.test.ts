import { diff, makeProvider, type Resource } from "./provider.ts";
import { localCommand } from "./command/local-command.ts";
import { copyToRemote } from "./command/copy-to-remote.ts";
import { remoteCommand } from "./command/remote-command.ts";
import { privateKey } from "./tls/private-key.ts";
import { secret, type Properties } from "./wire.ts";

const command = { connection: { host: "h", hostKey: "k" }, create: "c", stdin: "s" };
const copy = {
  connection: { host: "h" },
  remotePath: "/p",
  source: { path: "/f", hash: "1" },
  triggers: ["t"],
};
const key = { algorithm: "ED25519" };

const same = { changes: false, replaces: [] };
const update = { changes: true, replaces: [] };
const replace = (...replaces: string[]) => ({ changes: true, replaces });

const rows: [string, Resource, Properties, Properties, object][] = [
  ["nothing changed", remoteCommand, command, command, same],
  ["outputs are no inputs", remoteCommand, { ...command, stdout: "o", stderr: "e" }, command, same],
  ["create changed", remoteCommand, command, { ...command, create: "d" }, update],
  ["stdin changed", remoteCommand, command, { ...command, stdin: "t" }, update],
  ["stdin gone", remoteCommand, command, { ...command, stdin: undefined }, update],
  ["delete added", remoteCommand, command, { ...command, delete: "d" }, update],
  [
    "a part of the connection",
    remoteCommand,
    command,
    { ...command, connection: { host: "i", hostKey: "k" } },
    update,
  ],
  ["a default spelled out", remoteCommand, command, { ...command, addPreviousOutputInEnv: true }, same],
  ["a default left", remoteCommand, command, { ...command, addPreviousOutputInEnv: false }, update],
  ["triggers added", remoteCommand, command, { ...command, triggers: [1] }, replace("triggers")],
  ["undefined added", remoteCommand, command, { ...command, update: undefined }, same],
  [
    "triggers and more",
    remoteCommand,
    { ...command, triggers: [1] },
    { ...command, triggers: [2], create: "d" },
    replace("triggers"),
  ],
  ["a local command's folder", localCommand, { create: "c", dir: "/a" }, { create: "c", dir: "/b" }, update],
  ["a local command's triggers", localCommand, { triggers: [1] }, { triggers: [] }, replace("triggers")],
  ["a file's content", copyToRemote, copy, { ...copy, source: { path: "/f", hash: "2" } }, update],
  ["a file's place", copyToRemote, copy, { ...copy, remotePath: "/q" }, update],
  ["a copy's triggers", copyToRemote, copy, { ...copy, triggers: ["u"] }, replace("triggers")],
  ["a key", privateKey, { ...key, privateKeyPem: "p" }, key, same],
  ["a key's algorithm", privateKey, key, { algorithm: "RSA" }, replace("algorithm")],
];

const table = rows.map(([what, resource, olds, news, expected]) => ({
  what,
  resource,
  olds,
  news,
  expected,
}));

test.each(table)("$what", ({ resource, olds, news, expected }) => {
  expect(diff(resource, olds, news)).toEqual(expected);
});

const echo: Resource = {
  inputs: ["value"],
  replaceOn: [],
  secretOutputs: ["always"],
  expired: (olds) => (olds["old"] === true ? ["old"] : []),
  create: (name, inputs) => Promise.resolve({ id: name, outs: { ...inputs, always: 1 } }),
};
const provider = makeProvider("1.0.0", { "test:index:Echo": echo });
const urn = "urn:pulumi:stack::project::convocate:host:ShellHost$test:index:Echo::a::name";

test("a resource is found below its parents, with the whole of its name; it sees no wrapped value", async () => {
  expect(await provider.create?.(urn, { value: secret("s"), plain: "p" })).toEqual({
    id: "a::name",
    outs: { value: secret("s"), plain: "p", always: secret(1) },
  });
});

test("that a value became a secret is no change of it", async () => {
  expect(await provider.diff?.("id", urn, { value: "s" }, { value: secret("s") })).toEqual(same);
});

test("what has expired is made anew though no input changed", async () => {
  expect(await provider.diff?.("id", urn, { value: 1, old: true }, { value: 1 })).toEqual(replace("old"));
});

test("an update that no resource has code for stores the new inputs", async () => {
  expect(await provider.update?.("id", urn, { value: 1, always: 1 }, { value: secret(2) })).toEqual({
    outs: { value: secret(2), always: secret(1) },
  });
});

test("an unknown type is refused with the remedy", async () => {
  const other = "urn:pulumi:stack::project::aws:s3:Bucket::b";
  await expect(provider.create?.(other, {})).rejects.toThrow(
    "the offline plugin has no resource type aws:s3:Bucket, only test:index:Echo; use --plugins official",
  );
});

test("a source that is no file is refused before any host is asked", async () => {
  const copying = makeProvider("1", { "c:i:Copy": copyToRemote });
  const failures = async (source: unknown) =>
    (await copying.check?.("urn:pulumi:s::p::c:i:Copy::n", {}, { ...copy, source }))?.failures;
  expect(await failures({ text: "x" })).toEqual([
    { property: "source", reason: "use a FileAsset or a FileArchive with a path" },
  ]);
  expect(await failures(copy.source)).toEqual([]);
});
