import fc from "fast-check";
import { containsSecret, secret, unwrap, unwrapAll, wrapLike } from "./wire.ts";

const signed = (signature: string, rest: object) => ({
  "4dabf18193072939515e22adb298388d": signature,
  ...rest,
});

test("a secret has the engine's signature", () => {
  expect(secret("x")).toEqual(signed("1b47061264138c4ac30d75fd1eb44270", { value: "x" }));
});

test("secrets are unwrapped at any depth, in lists, and in each other", () => {
  const value = { a: secret({ b: [secret(1), "two", secret(secret(null))] }), c: secret([]) };
  expect(unwrapAll(value)).toEqual({ a: { b: [1, "two", null] }, c: [] });
});

test("what has another signature is no secret: assets stay what they are", () => {
  const asset = signed("c44067f5952c0a294b673a41bacd8c17", { path: "/x", hash: "h" });
  expect(unwrap(asset)).toEqual(asset);
  expect(containsSecret(asset)).toBe(false);
});

test("a plain value is the same after it as before", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => expect(unwrap(value)).toEqual(value)));
});

test("what was wrapped is what is unwrapped, and is seen to be secret", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(unwrap([{ deep: secret(value) }])).toEqual([{ deep: value }]);
      expect(containsSecret([{ deep: secret(value) }])).toBe(true);
      expect(containsSecret(value)).toBe(false);
    }),
  );
});

test("an output is secret when its input was, anywhere inside, or when it always is", () => {
  const inputs = { connection: { host: "h", privateKey: secret("k") }, stdin: secret("s"), create: "c" };
  const plain = { connection: { host: "h", privateKey: "k" }, stdin: "s", create: "c", stdout: "o", id: 1 };
  expect(wrapLike(plain, inputs, ["stdout"])).toEqual({
    connection: secret({ host: "h", privateKey: "k" }),
    stdin: secret("s"),
    create: "c",
    stdout: secret("o"),
    id: 1,
  });
});
