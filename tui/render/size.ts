const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes in at most ten columns, such as `12.3 GiB`; `? B` when they are not counted. */
export function sizeText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "? B";
  const unit = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const amount = bytes / 1024 ** unit;
  return `${unit === 0 ? String(bytes) : amount.toFixed(1)} ${units[unit] ?? ""}`;
}
