import fc from "fast-check";
import { formEffect, formKey, formPaste, newForm, parsePort, type Form } from "./form.ts";
import { edit, insert, textField, textOf } from "./text-field.ts";

const filled = (name: string, port = ""): Form => ({
  ...newForm("a"),
  texts: { ...newForm("a").texts, name: textField(name), port: textField(port) },
});

test("ports: blank is none, 0 and auto the first free one, numbers themselves, anything else is named", () => {
  expect(["", "  ", "0", "auto", "AUTO", "1", "65535"].map(parsePort)).toEqual([0, 0, -1, -1, -1, 1, 65535]);
  for (const wrong of ["65536", "-1", "8080x", "1.5", "0x50"]) {
    expect(() => parsePort(wrong)).toThrow(JSON.stringify(wrong));
  }
});

test("a command goes along only when there is one, so that a v2 agent never sees the field", () => {
  expect(formEffect(filled(" work "))).toEqual({
    type: "create",
    agentId: "a",
    params: { name: "work", port: 0, protocol: "tcp", dns_name: "" },
  });
  const form = { ...filled("work"), texts: { ...filled("work").texts, command: textField("bash -l") } };
  expect(formEffect(form)).toMatchObject({ params: { command: "bash -l" } });
  expect(() => formEffect(filled(" "))).toThrow("session name cannot be empty");
});

test("Tab and Shift-Tab go round; Space, t and u choose the protocol, and are letters elsewhere", () => {
  const keys = (...names: string[]) => names.reduce(formKey, newForm("a"));
  expect(keys("TAB").focus).toBe("protocol");
  expect(keys("SHIFT_TAB").focus).toBe("branch");
  expect(keys("SHIFT_TAB", "TAB").focus).toBe("name");
  expect(keys("TAB", " ").protocol).toBe("udp");
  expect(keys("TAB", " ", " ").protocol).toBe("tcp");
  expect(keys("TAB", "u").protocol).toBe("udp");
  expect(keys("TAB", "u", "T").protocol).toBe("tcp");
  expect(textOf(keys("t", "u", " ").texts.name)).toBe("tu ");
});

test("nothing changes while the agent is asked", () => {
  const busy = { ...filled("work"), busy: true };
  expect(formKey(busy, "x")).toBe(busy);
  expect(formPaste(busy, "x")).toBe(busy);
});

test("editing keys do what they do everywhere, on characters as people see them", () => {
  const family = textField("a👨‍👩‍👧é");
  expect(family.characters).toHaveLength(3);
  expect(textOf(edit(family, "BACKSPACE") ?? family)).toBe("a👨‍👩‍👧");
  expect(textOf(edit({ ...family, caret: 1 }, "DELETE") ?? family)).toBe("aé");
  expect(textOf(edit({ ...family, caret: 2 }, "CTRL_U") ?? family)).toBe("é");
  expect(textOf(insert({ ...family, caret: 1 }, "漢"))).toBe("a漢👨‍👩‍👧é");
  expect(edit(family, "F5")).toBeNull();
});

test("any typing leaves a field in order: the caret is inside, special keys are never text", () => {
  const names = [
    "LEFT",
    "RIGHT",
    "HOME",
    "END",
    "BACKSPACE",
    "DELETE",
    "CTRL_U",
    "CTRL_K",
    "F5",
    "INSERT",
    "a",
    "漢",
    "\u0301",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...names)), (keys) => {
      const { characters, caret } = keys.reduce(formKey, newForm("a")).texts.name;
      expect(caret).toBeGreaterThanOrEqual(0);
      expect(caret).toBeLessThanOrEqual(characters.length);
      expect(characters.join("")).not.toMatch(/[A-Z]/);
    }),
  );
});
