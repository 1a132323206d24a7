/** Milliseconds that a single thing is looked at. */
export const patience = 5_000;

/** What `work` gives, or `late` when it takes too long. What is then still going on is not waited for. */
export function within<T, L>(work: Promise<T>, late: L, ms = patience): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  return Promise.race([work, expired]).finally(() => clearTimeout(timer));
}
