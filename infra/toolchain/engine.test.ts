import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { lookup } from "node:dns/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadAnswers, findEngine } from "./engine.ts";
import { putProgram } from "./program.fake.ts";
import { versions } from "./versions.ts";

// No test depends on what this machine's network answers.
jest.mock("node:dns/promises", () => ({ lookup: jest.fn() }));
const dns = jest.mocked<(name: string) => Promise<unknown>>(lookup);

let folder: string;
let said: string[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "engine-")));
  said = [];
  dns.mockReset().mockRejectedValue(new Error("ENOTFOUND"));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const data = () => join(folder, "data");
const find = (offline = false, on = "") => findEngine(data(), offline, on, (line) => void said.push(line));
const answer = (version: string) => `[ "$1" = version ] && echo v${version}`;

test("an official engine of the pinned version on the PATH is taken, where it really is", async () => {
  putProgram(join(folder, "old"), "pulumi", answer("3.1.0"));
  putProgram(join(folder, "broken"), "pulumi", "exit 1");
  putProgram(join(folder, "pulumi-root/bin"), "pulumi", answer(versions.engine));
  mkdirSync(join(folder, "links"));
  symlinkSync(join(folder, "pulumi-root/bin/pulumi"), join(folder, "links/pulumi"));
  const on = ["none", "old", "broken", "links"].map((name) => join(folder, name)).join(":");
  expect(await find(false, on)).toEqual({ root: join(folder, "pulumi-root"), origin: "machine" });
  expect(dns).not.toHaveBeenCalled();
});

test("an engine that was downloaded before needs no network", async () => {
  putProgram(join(data(), `official-${versions.engine}`, "bin"), "pulumi", "exit 0");
  expect(await find()).toEqual({ root: join(data(), `official-${versions.engine}`), origin: "download" });
  expect(dns).not.toHaveBeenCalled();
});

const remedy = `install Go 1.25 or newer to build the engine, or pulumi ${versions.engine} itself`;

test("without an official engine and without Go, both remedies are named", async () => {
  await expect(find(false, join(folder, "empty"))).rejects.toThrow(
    `no official engine answers and Go is missing: ${remedy}`,
  );
});

test.each(["go1.24.9", "go1.9", "go1.3.1"])("%s is too old", async (version) => {
  putProgram(join(folder, "bin"), "go", `echo ${version}`);
  await expect(find(true, join(folder, "bin"))).rejects.toThrow(
    `no official engine answers and Go ${version} is too old: ${remedy}`,
  );
});

/** A `go` that notes what it is asked for and then builds; the PATH that finds it. */
function putGo(build: string): string {
  const note = `printf '%s ' "$PWD" "CGO=$CGO_ENABLED" "$GOFLAGS" "$@" >> "${folder}/asked"; echo >> "${folder}/asked"`;
  putProgram(
    join(folder, "bin"),
    "go",
    `[ "$1" = env ] && echo go1.25rc1 && exit\n${note}\nwhile [ "$1" != -o ]; do shift; done\n${build}`,
  );
  return `${join(folder, "bin")}:/usr/bin:/bin`;
}

test("engine and language host are built from the pins as they are, once", async () => {
  const on = putGo(`mkdir -p "$(dirname "$2")"; echo built > "$2"`);
  const engine = await find(false, on);
  expect(engine.origin).toBe("modules");
  expect(readdirSync(join(engine.root, "bin")).sort()).toEqual(["pulumi", "pulumi-language-nodejs"]);
  const asked = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
  expect(asked).toHaveLength(2);
  for (const line of asked) {
    expect(line).toContain(" CGO=0 -mod=readonly build -trimpath ");
    expect(line).toContain(`Version=v${versions.engine} `);
  }
  expect(said).toEqual([
    "building pulumi from its pinned module (minutes, once)",
    "building pulumi-language-nodejs from its pinned module (minutes, once)",
  ]);
  expect(await find(false, on)).toEqual(engine);
  expect(readFileSync(join(folder, "asked"), "utf8").trim().split("\n")).toHaveLength(2);
});

test("a build that fails says what was built and what Go said, and leaves nothing behind", async () => {
  const on = putGo("echo 'missing go.sum entry' >&2; exit 1");
  await expect(find(true, on)).rejects.toThrow(
    "building github.com/pulumi/pulumi/pkg/v3/cmd/pulumi failed:\nmissing go.sum entry",
  );
  expect(readdirSync(data())).toEqual([]);
  expect(dns).not.toHaveBeenCalled();
});

test("the download answers when its name is known and its host says yes", async () => {
  dns.mockResolvedValue({ address: "192.0.2.1", family: 4 });
  const fetched = jest.spyOn(globalThis, "fetch");
  fetched.mockResolvedValueOnce(new Response(null, { status: 200 }));
  expect(await downloadAnswers()).toBe(true);
  fetched.mockResolvedValueOnce(new Response(null, { status: 403 }));
  expect(await downloadAnswers()).toBe(false);
  fetched.mockRejectedValueOnce(new Error("ECONNREFUSED"));
  expect(await downloadAnswers()).toBe(false);
  dns.mockRejectedValue(new Error("ENOTFOUND"));
  expect(await downloadAnswers()).toBe(false);
  expect(fetched).toHaveBeenCalledTimes(3);
  expect(existsSync(data())).toBe(false);
});
