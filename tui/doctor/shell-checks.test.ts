import type { CertificateFacts } from "./certificates.ts";
import { certificateCheck } from "./certificates.ts";
import { Findings, shellHost, worst } from "./check.ts";
import { namesCheck, type NamesFacts } from "./names.ts";
import { shellChecks } from "./shell-checks.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const day = 86_400_000;

function found(judge: (findings: Findings) => void): string {
  const findings = new Findings(shellHost);
  judge(findings);
  const [check, ...more] = findings.checks;
  expect(more).toEqual([]);
  expect(check?.remedy === null).toBe(check?.result === "ok");
  return `${check?.result ?? ""}: ${check?.found ?? ""}`;
}
const certificate = (facts: CertificateFacts) => found((findings) => certificateCheck(findings, facts, now));
const names = (facts: NamesFacts) => found((findings) => namesCheck(findings, facts));

test.each([
  [400, "ok: f is good for 400 days"],
  [30, "ok: f is good for 30 days"],
  [29.9, "warn: f is good for 29 days"],
  [0.1, "warn: f is good for 0 days"],
  [-0.1, "fail: f ended 1 days ago"],
])("a certificate that ends in %s days: %s", (days, text) => {
  expect(certificate({ file: "f", kind: "known", ends: now + days * day })).toBe(text);
});

test("no certificate is no failure: log forwarding may not be set up", () => {
  expect(certificate({ file: "f", kind: "unknown", why: "it is not there" })).toBe(
    "warn: f: not set up: it is not there",
  );
});

const published = (...answers: [name: string, address: string, answer: string[] | string][]): NamesFacts => ({
  kind: "published",
  resolver: "127.0.0.1",
  names: answers.map(([name, address, answer]) => ({ name, address, answer })),
});

test("names: right, wrong, unknown, nobody there", () => {
  const right: [string, string, string[]] = ["api.x", "10.0.0.1", ["10.0.0.1"]];
  expect(names(published(right))).toBe("ok: 127.0.0.1 answers for sessions' names: 1 of 1 are right");
  expect(names(published(right, ["b.x", "10.0.0.2", ["10.0.0.9"]]))).toBe(
    "fail: 127.0.0.1 answers 10.0.0.9 for b.x, which is 10.0.0.2 (1 of 2 are wrong)",
  );
  expect(names(published(["b.x", "10.0.0.2", "ENOTFOUND"]))).toMatch(/^fail: .*no such name for b\.x/);
  expect(names(published(right, ["b.x", "10.0.0.2", "ECONNREFUSED"]))).toBe(
    "warn: 127.0.0.1 does not answer for b.x: ECONNREFUSED",
  );
  expect(names({ kind: "unpublished", why: "it is not there" })).toBe(
    "warn: no names are published: it is not there",
  );
});

test("what takes too long is said, and the worst counts", () => {
  const checks = shellChecks({ names: null, certificates: null, disk: null }, now);
  expect(checks.map(({ check, result }) => `${check} ${result}`)).toEqual([
    "dns warn",
    "certificate warn",
    "disk warn",
  ]);
  expect(worst(checks)).toBe("warn");
  const full = shellChecks({ names: null, certificates: [], disk: { total: 100, used: 99 } }, now);
  expect(worst(full)).toBe("fail");
  expect(worst([])).toBe("ok");
});
