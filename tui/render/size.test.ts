import { sizeText } from "./size.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1.5 * 2 ** 20, "1.5 MiB"],
  [1023.9 * 2 ** 30, "1023.9 GiB"],
  [5 * 2 ** 50, "5120.0 TiB"],
  [undefined, "? B"],
  [null, "? B"],
])("%s bytes are %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));
