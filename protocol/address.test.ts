import { parseAddress } from "./address.ts";

test("addresses: bare, with a port, IPv6, and v2's user@host", () => {
  expect(parseAddress("10.0.0.7\n")).toEqual({ address: "10.0.0.7", port: 222 });
  expect(parseAddress("agent.example:2222")).toEqual({ address: "agent.example", port: 2222 });
  expect(parseAddress("[fd00::7]:2222")).toEqual({ address: "fd00::7", port: 2222 });
  expect(parseAddress("fd00::7")).toEqual({ address: "fd00::7", port: 222 });
  expect(parseAddress("ubuntu@10.0.0.7")).toEqual({ address: "10.0.0.7", port: 222 });
});
