import type { Operation } from "../context.ts";

export const list: Operation<"list"> = ({ registry }) => Promise.resolve(registry.list());
