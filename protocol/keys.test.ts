import { fingerprint, parsePrincipal, parsePublicKey, sameKey } from "./keys.ts";

// The key of `ssh-keygen -t ed25519`; its fingerprint is what `ssh-keygen -l` printed.
const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

test("a public key line is type, blob and comment", () => {
  const key = parsePublicKey(`  ssh-ed25519 ${blob}  operator=alice \n`);
  expect(key).toMatchObject({ type: "ssh-ed25519", comment: "operator=alice" });
  expect(key?.blob.toString("base64")).toBe(blob);
  // GitHub's published ed25519 host key and fingerprint.
  expect(fingerprint(Buffer.from(blob, "base64"))).toBe("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
});

test.each([
  ["empty", ""],
  ["comment", "# ssh-ed25519 AAAA"],
  ["options before the key", `command="x" ssh-ed25519 ${blob}`],
  ["a declared type that is not the blob's", `ssh-rsa ${blob}`],
  ["a truncated blob", "ssh-ed25519 AAAA"],
  ["no blob", "ssh-ed25519"],
])("%s is no key", (_, line) => {
  expect(parsePublicKey(line)).toBeNull();
});

test.each([
  ["agent=k3x9", { kind: "agent", name: "k3x9" }],
  ["operator=alice", { kind: "operator", name: "alice" }],
  ["shell=shell-1", { kind: "shell", name: "shell-1" }],
  ["shell->agent=k3x9", { kind: "shell", name: "k3x9" }],
  ["alice@laptop", null],
  ["agent=", null],
  ["agent=../x", null],
  ["agent=a agent=b", null],
])("%s identifies %j", (comment, principal) => {
  expect(parsePrincipal(comment)).toEqual(principal);
});

test("keys are equal by content, never by prefix", () => {
  expect(sameKey(Buffer.from("abc"), Buffer.from("abc"))).toBe(true);
  expect(sameKey(Buffer.from("abc"), Buffer.from("abcd"))).toBe(false);
});
