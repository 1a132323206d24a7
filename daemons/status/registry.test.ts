import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryLog } from "../host/log.fake.ts";
import { readRegistry } from "./registry.ts";

let directory: string;
let log: MemoryLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "convocate-registry-"));
  log = new MemoryLog();
});
afterEach(() => rmSync(directory, { recursive: true }));

function folder(id: string, files: Record<string, string>): void {
  mkdirSync(join(directory, id));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, id, name), text);
}

test("an agent is its folder's name, an address and the host's name", () => {
  folder("b", { "agent-host": "192.0.2.2\n", name: "agent-b\n", "host_key.pub": "ssh-ed25519 AAAA" });
  folder("a", {
    "agent-host": "convocate@a.example.org\n",
    "log-certificate-until": "2030-01-01T00:00:00Z\n",
  });
  expect(readRegistry(directory, log)).toEqual([
    { agent_id: "a", host: "a", address: "a.example.org", certificate_until: "2030-01-01T00:00:00Z" },
    { agent_id: "b", host: "agent-b", address: "192.0.2.2", host_key: "ssh-ed25519 AAAA" },
  ]);
});

test("a folder that is being written is not an agent yet, and no complaint either", () => {
  folder("a", {});
  folder("b", { "agent-host": "\n" });
  expect(readRegistry(directory, log)).toEqual([]);
  expect(log.lines).toEqual([]);
});

test("a folder whose name is no agent id is ignored, and told", () => {
  folder("Agent_A", { "agent-host": "192.0.2.1" });
  writeFileSync(join(directory, "README"), "");
  expect(readRegistry(directory, log)).toEqual([]);
  expect(log.text).toContain("Agent_A");
});

test("no folder at all is a fleet without agents", () => {
  expect(readRegistry(join(directory, "absent"), log)).toEqual([]);
  expect(log.lines).toEqual([]);
});
