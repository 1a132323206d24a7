import { findKey, parseAuthorizedKeys } from "./authorized-keys.ts";
import { createKeyPair } from "./keypair.fake.ts";

const agent = createKeyPair("agent=a");
const shell = createKeyPair("shell->agent=shell-1");
const nobody = createKeyPair("root@somewhere");
const rsa = createKeyPair("agent=b", "rsa");

test("ssh-ed25519 lines whose comment is a principal count; everything else identifies nobody", () => {
  const entries = parseAuthorizedKeys(
    ["# keys", "", agent.publicKey, shell.publicKey, nobody.publicKey, rsa.publicKey, "garbage"].join("\n"),
  );
  expect(findKey(entries, agent.blob)).toEqual({ kind: "agent", name: "a" });
  expect(findKey(entries, shell.blob)).toEqual({ kind: "shell", name: "shell-1" });
  expect(findKey(entries, nobody.blob)).toBeNull();
  expect(findKey(entries, rsa.blob)).toBeNull();
  expect(entries).toHaveLength(2);
});

test("a line with options is not taken for one without: what they restrict we would not", () => {
  expect(parseAuthorizedKeys(`command="true" ${agent.publicKey}`)).toEqual([]);
});
