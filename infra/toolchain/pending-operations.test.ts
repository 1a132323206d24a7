import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forgetPendingOperations } from "./pending-operations.ts";

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "pending-"));
  for (const folder of ["stacks/convocate", "locks/organization/convocate/lab"])
    mkdirSync(join(state, ".pulumi", folder), { recursive: true });
});
afterEach(() => rmSync(state, { recursive: true }));

const file = () => join(state, ".pulumi/stacks/convocate/lab.json");
const stateWith = (pending: object) =>
  JSON.stringify({
    version: 3,
    checkpoint: {
      stack: "organization/convocate/lab",
      latest: { manifest: { version: "v3" }, resources: [{ urn: "a" }], ...pending, metadata: {} },
    },
  });
const interrupted = stateWith({ pending_operations: [{ resource: { urn: "b" }, type: "creating" }] });

function sweep(): string[] {
  const lines: string[] = [];
  forgetPendingOperations(state, (line) => lines.push(line));
  return lines;
}

test("what a killed engine had begun is taken out of the state, and all else stays", () => {
  writeFileSync(file(), interrupted, { mode: 0o600 });
  writeFileSync(`${file()}.18eaad.tmp`, "{");
  expect(sweep()).toEqual(["stack lab: 1 operations of a killed engine are done again where needed"]);
  expect(readFileSync(file(), "utf8")).toBe(stateWith({}));
  expect(existsSync(`${file()}.18eaad.tmp`)).toBe(false);
  expect(sweep()).toEqual([]);
});

test("a stack that an engine works on stays as it is", () => {
  writeFileSync(file(), interrupted);
  writeFileSync(join(state, ".pulumi/locks/organization/convocate/lab/1.json"), "{}");
  expect(sweep()).toEqual([]);
  expect(readFileSync(file(), "utf8")).toBe(interrupted);
});

test.each([
  stateWith({}),
  stateWith({ pending_operations: [] }),
  '{"version":3,"checkpoint":{"latest":null}}',
])("a state without anything begun stays as it is: %s", (text) => {
  writeFileSync(file(), text);
  expect(sweep()).toEqual([]);
  expect(readFileSync(file(), "utf8")).toBe(text);
});
