import { checkAddressing } from "./validation.ts";

const wanted = { name: "a", port: 0, protocol: "", dns_name: "" };
const withCode = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error;
const check = (some: Partial<typeof wanted>, others: Parameters<typeof checkAddressing>[1] = []) =>
  checkAddressing({ ...wanted, ...some }, others);

test.each(["a", "A session_1.2-b", "x".repeat(64)])("%p is a name", (name) => {
  expect(check({ name })).toEqual({ name, port: 0, protocol: "tcp", dns_name: "" });
});

test.each([
  ["", "session name cannot be empty"],
  [" \t ", "session name cannot be empty"],
  ["x".repeat(65), "session name cannot exceed 64 characters"],
])("name %j: %s", (name, text) => {
  expect(() => check({ name })).toThrow(withCode("name_invalid", text));
});

test.each(["a/b", "../a", "a\nb", "a\u001b[31m", "ä", "a;b", "$(a)", "a\u0000"])("%j is no name", (name) => {
  expect(() => check({ name })).toThrow(`session name ${JSON.stringify(name)}: use letters`);
});

test("a port is one number per protocol", () => {
  const others = [{ uuid: "1", port: 53 }];
  expect(() => check({ port: 53 }, others)).toThrow("port 53/tcp is already assigned to another session");
  expect(check({ port: 53, protocol: "udp" }, others)).toMatchObject({ port: 53, protocol: "udp" });
});

test.each([-2, 65_536, -65_535])("invalid port: %p", (port) => {
  expect(() => check({ port })).toThrow(withCode("port_invalid", `invalid port: ${String(port)}`));
});

test("-1 is the first free port from 1001 up, of that protocol", () => {
  const others = [1001, 1002, 1004].map((port) => ({ uuid: String(port), port, protocol: "tcp" }));
  expect(check({ port: -1 }, others).port).toBe(1003);
  expect(check({ port: -1, protocol: "udp" }, others).port).toBe(1001);
});

test("when every port from 1001 up is taken, that is said", () => {
  const others = Array.from({ length: 65_535 - 1000 }, (_, i) => ({ uuid: String(i), port: 1001 + i }));
  expect(check({ port: -1 }, others.slice(0, -1)).port).toBe(65_535);
  expect(() => check({ port: -1 }, others)).toThrow("no available port at or above 1001");
});

test.each(["TCP", "sctp", "x\n"])("protocol %j is refused as it was written", (protocol) => {
  expect(() => check({ protocol })).toThrow(
    `protocol must be "tcp" or "udp", got ${JSON.stringify(protocol)}`,
  );
});

test("a DNS name is lower-cased, and unique", () => {
  expect(check({ dns_name: "Web.Example" }).dns_name).toBe("web.example");
  expect(() => check({ dns_name: "WEB.example" }, [{ uuid: "1", dns_name: "web.example" }])).toThrow(
    'DNS name "web.example" is already assigned to another session',
  );
});

const longest = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
test("a DNS name of 253 characters is one, of 254 is none", () => {
  expect(check({ dns_name: longest }).dns_name).toHaveLength(253);
  expect(() => check({ dns_name: `${longest}e` })).toThrow("labels of a-z, 0-9 and -");
});

test.each(["-a", "a-", "a..b", ".", "a.", "a_b", "a b", "ä", "a\n", "a/../b", "a".repeat(64)])(
  "%j is no DNS name",
  (dns_name) => {
    expect(() => check({ dns_name })).toThrow(withCode("dns_name_invalid", ""));
  },
);
