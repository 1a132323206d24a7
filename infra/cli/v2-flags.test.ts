import { CliError } from "./cli-error.ts";
import { FakeContext } from "./context.fake.ts";
import { program } from "./program.ts";
import { oldFlags } from "./v2-flags.ts";

const context = new FakeContext({ root: "/nowhere" });
const parse = (...words: string[]) => program(context, () => undefined).parseAsync(words, { from: "user" });

const all = oldFlags.flatMap((old) => old.verbs.map((verb) => ({ ...old, verb })));
const words = ({ verb, flag, value }: (typeof all)[number]) => [
  verb,
  ...(verb === "migrate-session" ? ["--session", "x", "--agent", "y"] : ["--host", "x"]),
  flag,
  ...(value ? ["some"] : []),
];

test.each(all.filter(({ now }) => now === "refused"))(
  "$verb refuses $flag and says what to do instead",
  async (old) => {
    const refused = parse(...words(old));
    await expect(refused).rejects.toBeInstanceOf(CliError);
    await expect(refused).rejects.toMatchObject({
      exit: "usage",
      remedy: old.instead,
      message: expect.stringContaining(old.flag) as string,
    });
  },
);

test.each(all.filter(({ now }) => now.startsWith("--")))("$verb takes $flag for $now", async (old) => {
  const root = program(context, () => undefined);
  await root.parseAsync(words(old), { from: "user" });
  const verb = root.commands.find((command) => command.name() === old.verb);
  const heir = verb?.options.find(({ long }) => long === old.now);
  expect(heir).toBeDefined();
  expect(verb?.opts()[heir?.attributeName() ?? ""]).toBe("some");
});

test.each(all.filter(({ now }) => now === "accepted"))(
  "$verb takes $flag: it is what happens",
  async (old) => {
    await parse(old.verb, old.flag, "--session", "x", "--agent", "y");
  },
);

test("help does not list them", () => {
  for (const verb of program(context, () => undefined).commands)
    for (const { flag } of oldFlags) expect(verb.helpInformation()).not.toContain(`${flag} `);
});

test("every flag of v2 that is named to be kept in mind is known", () => {
  const named =
    "--shell-host --image-tag --ca-cert --ca-key --binary --shell-binary --agent-binary --shell-etc-dir --shell-base --agent-keys-dir --delete-source";
  expect(oldFlags.map(({ flag }) => flag).sort()).toEqual(named.split(" ").sort());
});
