/** The version of everything we ship; the same as package.json's, which is not there on a host. */
export const version = "0.1.0";
