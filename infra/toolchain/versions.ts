/** The versions that package.json pins for the SDKs: engine and plugins must be the same. */
export const versions = { engine: "3.259.0", command: "1.2.1", tls: "5.5.1" } as const;
