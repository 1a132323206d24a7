// The first file of the program, in plain JavaScript: it names the remedy where the rest could not even be read.
import { existsSync } from "node:fs";

const root = new URL("..", import.meta.url);

/** @param {string} what @param {string} remedy */
function refuse(what, remedy) {
  console.error(`convocate: ${what}\n  ${remedy}`);
  process.exit(1);
}

if (Number(process.versions.node.split(".")[0]) < 24) {
  refuse(
    `Node ${process.versions.node} cannot run this program.`,
    "Use script/pulumi, which brings Node 24.",
  );
}
for (const file of ["dist/manifest.json", "dist/image.json"]) {
  if (!existsSync(new URL(file, root))) {
    refuse(
      `${file} is missing: the artifacts or the session image are not built.`,
      "Run script/setup, then `node infra/image/main.ts`, with `--image slim` if the stack says so (script/demo does both).",
    );
  }
}

await import("./index.ts");
