/** The version of everything we ship; the same as package.json's, which is not there on a host. */
export const version = "0.1.0";

/** The version of the protocol that agents tell in `capabilities`; v2's, which tells none, is 0. */
export const protocolVersion = 1;
