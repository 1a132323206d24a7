/** Whether an error of the system is this one, such as `ENOENT`. Not by class: a test's `Error` is not the system's. */
export const hasCode = (error: unknown, code: string): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === code;
