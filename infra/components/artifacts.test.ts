import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArtifacts } from "./artifacts.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "artifacts-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const app = { file: "app.tar.gz", sha256: "a" };
const runtime = { file: "runtime.tar.gz", sha256: "b" };
const image = { reference: "convocate:1", id: "sha256:c" };
const put = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));

test("reads what the builds left, with the folder it is in", () => {
  put("manifest.json", { app, runtime });
  put("image.json", { slim: image });
  expect(readArtifacts(folder, "slim")).toEqual({ folder, app, runtime, image });
});

test("a manifest without a runtime is refused", () => {
  put("manifest.json", { app });
  put("image.json", { slim: image });
  expect(() => readArtifacts(folder, "slim")).toThrow(/runtime/);
});

test("an image that is not built is refused with the remedy", () => {
  put("manifest.json", { app, runtime });
  put("image.json", { slim: image });
  expect(() => readArtifacts(folder, "full")).toThrow(
    'convocate:image: got "full", which is not built: run `node infra/image/main.ts --image full`',
  );
});
