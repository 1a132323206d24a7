import { eventually } from "../host/eventually.fake.ts";
import { enter, gone } from "./hostile-client.fake.ts";
import { createKeyPair } from "./keypair.fake.ts";
import { TestListener } from "./test-listener.fake.ts";

const shared = createKeyPair("operator=ann");
const other = createKeyPair("operator=eve");
let listener: TestListener;

beforeEach(async () => {
  listener = new TestListener();
  listener.authorize(shared.publicKey, other.publicKey);
  await listener.start({ limits: { connectionsPerKey: 2 } });
});
afterEach(() => listener.close());

test("the third connection of a key that may have two is ended, with the reason in the audit; others and later ones are not", async () => {
  const first = await enter(listener.port, shared.privateKey);
  const second = await enter(listener.port, shared.privateKey);
  const third = await enter(listener.port, shared.privateKey);
  await gone(third);
  expect(await eventually(() => listener.audits[0])).toMatch(
    /"who":"operator=ann".*more than 2 connections of one key.*"ended":"too many connections of its key"/,
  );
  const stranger = await enter(listener.port, other.privateKey);
  first.end();
  await gone(first);
  await eventually(() => listener.audits.length === 2);
  const fourth = await enter(listener.port, shared.privateKey);
  const refusal = await new Promise((resolve) => fourth.subsys("echo", (error) => resolve(error ?? null)));
  expect(refusal).toBeNull();
  expect(listener.audits).toHaveLength(2);
  for (const client of [second, fourth, stranger]) client.end();
});
