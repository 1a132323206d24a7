import { posix } from "node:path";

/** What a session's home is seeded with. */
export interface Seed {
  repo?: string | undefined;
  branch?: string | undefined;
  setup?: string | undefined;
}

/** The folder below the home that `git clone` makes of a repository's URL. */
export const repoFolder = (repo: string): string =>
  posix.basename(repo.replace(/\/+$/, "").replace(/:/g, "/"), ".git");

/** Where a session's command starts. */
export const workingFolder = (home: string, { repo }: Seed): string =>
  repo ? posix.join(home, repoFolder(repo)) : home;

/** What the image's entrypoint needs to know to seed a home. */
export function seedEnvironment({ repo, branch, setup }: Seed): Record<string, string> {
  return {
    ...(repo && { CONVOCATE_REPO: repo, CONVOCATE_FOLDER: repoFolder(repo) }),
    ...(branch && { CONVOCATE_BRANCH: branch }),
    ...(setup && { CONVOCATE_SETUP: setup }),
  };
}
