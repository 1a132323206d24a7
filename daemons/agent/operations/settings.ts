import type { Operation } from "../context.ts";

/** v2 has no settings but asks for them: an empty object, which is also all that can be set. */
export const settingsGet: Operation<"settings-get"> = () => Promise.resolve({});
export const settingsSet: Operation<"settings-set"> = () => Promise.resolve({});
