import { randomUUID } from "node:crypto";
import type { Operation } from "../context.ts";
import { checkCommand } from "../command-check.ts";
import { furnish, homeInside, trustFolder } from "../home-skeleton.ts";
import type { Metadata } from "../metadata-store.ts";
import { workingFolder } from "../seed.ts";
import { checkAddressing, checkLimits, checkSeed } from "../validation.ts";

export const create: Operation<"create"> = async (context, params) => {
  const { registry, homes, store, clock, admission, retirement, homesFolder } = context;
  retirement.check();
  checkAddressing(params, registry.neighbours());
  checkLimits(params.limits ?? {});
  checkSeed(params);
  await admission.checkCreate({ limits: params.limits ?? {} });
  await checkCommand(context, params.command ?? context.config().command);
  // Checked again in the same breath as it is reserved: the checks above take time.
  const { name, port, protocol, dns_name } = checkAddressing(params, registry.neighbours());
  const now = clock.now().toISOString();
  const session: Metadata = {
    uuid: randomUUID(),
    name,
    created_at: now,
    last_accessed: now,
    protocol,
    ...(port && { port }),
    ...(dns_name && { dns_name }),
    ...(params.command && { command: params.command }),
    ...(params.repo && { repo: params.repo }),
    ...(params.branch && { branch: params.branch }),
    ...(params.setup && { setup: params.setup }),
    ...(params.limits && { limits: params.limits }),
    ...(params.labels && { labels: params.labels }),
  };
  return registry.reserving(session, async () => {
    await store.make(session, () =>
      homes.create(session, async (home) => {
        await furnish(home, { folder: homesFolder, hasToken: (await context.claudeToken()) !== null });
        await trustFolder(home, workingFolder(homeInside, session));
      }),
    );
    return registry.add(session);
  });
};
