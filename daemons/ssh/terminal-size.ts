/** tmux spins and grows at 65,535 columns. */
const most = 1_000;

/** Sizes as they are used: whole and 1 to 1,000; `fallback` for an absent or zero one (RFC 4254 §6.2: zero is ignored). */
export function clampSize(size: number | undefined, fallback: number): number {
  if (size === undefined || !Number.isFinite(size) || size < 1) return fallback;
  return Math.min(Math.trunc(size), most);
}

/** A TERM value fit for an environment; anything else is taken for the commonest. */
export function safeTerm(term: string | undefined): string {
  return term !== undefined && /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/.test(term) ? term : "xterm-256color";
}
