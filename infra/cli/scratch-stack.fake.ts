import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeContext } from "./context.fake.ts";

/** An ed25519 public key line; another number, another key. */
export function ed25519(number: number): string {
  const part = (of: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, of.length]), of]);
  const blob = Buffer.concat([part(Buffer.from("ssh-ed25519")), part(Buffer.alloc(32, number))]);
  return `ssh-ed25519 ${blob.toString("base64")}`;
}

/** A folder with a stack file in it and nothing else; for tests that need no engine. */
export class ScratchStack {
  readonly folder = mkdtempSync(join(tmpdir(), "scratch-stack-"));
  readonly context: FakeContext;

  constructor(text: string | null) {
    mkdirSync(join(this.folder, "stacks"));
    if (text !== null) writeFileSync(this.path, text);
    this.context = new FakeContext({ root: this.folder });
  }

  get path(): string {
    return join(this.folder, "stacks/Pulumi.test.yaml");
  }

  get text(): string {
    return readFileSync(this.path, "utf8");
  }

  /** Names of all files beside the stack file, and itself. */
  get files(): string[] {
    return readdirSync(join(this.folder, "stacks"));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
