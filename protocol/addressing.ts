/** What a session may be called; the words of a refusal are its caller's. */

/** Of a terminal's line and a file's name: 1 to 64 letters, digits, space, `_`, `-` and `.`. */
export const isSessionName = (name: string): boolean =>
  name.trim() !== "" && /^[A-Za-z0-9 _.-]{1,64}$/.test(name);

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Labels in small letters (RFC 1123). */
export const isDnsName = (name: string): boolean =>
  name.length <= 253 && name.split(".").every((part) => label.test(part));
