import { errors } from "../../protocol/errors.ts";
import { wireError } from "./wire-error.ts";

test("the code decides where there is one that we know", () => {
  expect(wireError({ error: "no room", code: "admission_denied" })).toMatchObject({
    code: "admission_denied",
    message: "no room",
  });
  expect(wireError({ error: "strange", code: "of_the_future" })).toMatchObject({ code: "internal" });
});

test("v2's texts are classified without a code", () => {
  const all = [
    errors.malformed("x"),
    errors.unknownOp("x"),
    errors.decodeParams("x"),
    errors.noSession("x"),
    errors.locked("x"),
    errors.notLocked("x"),
    errors.inUse("x", 1),
    errors.alreadyRunning("x"),
    errors.dnsTaken("x"),
    errors.portTaken(1, "tcp"),
    errors.invalidPort(-7),
    errors.noPort(),
    errors.badProtocol("x"),
    errors.emptyName(),
    errors.longName(),
    errors.attachNotFound("x"),
  ];
  for (const { code, message } of all) expect(wireError({ error: message })).toMatchObject({ code, message });
});
