import * as x509 from "@peculiar/x509";
import { z } from "zod";

/** Names of `allowedUses` (snake_case, as the official plugin has them at run time). */
const keyUsages: Record<string, x509.KeyUsageFlags> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  content_commitment: x509.KeyUsageFlags.nonRepudiation,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
  data_encipherment: x509.KeyUsageFlags.dataEncipherment,
  key_agreement: x509.KeyUsageFlags.keyAgreement,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
  encipher_only: x509.KeyUsageFlags.encipherOnly,
  decipher_only: x509.KeyUsageFlags.decipherOnly,
};

const extendedUsages: Record<string, string> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
};

export const isUse = (use: string) => Object.hasOwn(keyUsages, use) || Object.hasOwn(extendedUsages, use);
export const uses = [...Object.keys(keyUsages), ...Object.keys(extendedUsages)];

export function usageExtensions(allowed: readonly string[]): x509.Extension[] {
  const flags = allowed.reduce((all, use) => all | (keyUsages[use] ?? 0), 0);
  const extended = allowed.flatMap((use) => extendedUsages[use] ?? []);
  return [
    ...(flags ? [new x509.KeyUsagesExtension(flags, true)] : []),
    ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
  ];
}

export const subjectSchema = z.looseObject({
  commonName: z.string().optional(),
  country: z.string().optional(),
  locality: z.string().optional(),
  organization: z.string().optional(),
  organizationalUnit: z.string().optional(),
  postalCode: z.string().optional(),
  province: z.string().optional(),
  serialNumber: z.string().optional(),
  streetAddresses: z.array(z.string()).optional(),
});

/** A distinguished name, its parts in the order of Go's pkix.Name. */
export function nameOf(subject: z.infer<typeof subjectSchema>): x509.Name {
  const parts: [string, readonly (string | undefined)[]][] = [
    ["C", [subject.country]],
    ["O", [subject.organization]],
    ["OU", [subject.organizationalUnit]],
    ["L", [subject.locality]],
    ["ST", [subject.province]],
    ["2.5.4.9", subject.streetAddresses ?? []],
    ["2.5.4.17", [subject.postalCode]],
    ["CN", [subject.commonName]],
    ["2.5.4.5", [subject.serialNumber]],
  ];
  return new x509.Name(
    parts.flatMap(([type, values]) => values.flatMap((value) => (value ? [{ [type]: [value] }] : []))),
  );
}

export const alternativeNames = {
  dnsNames: z.array(z.string()).default([]),
  ipAddresses: z.array(z.string()).default([]),
  uris: z.array(z.string()).default([]),
};

export function alternativeNamesExtension(names: {
  dnsNames: string[];
  ipAddresses: string[];
  uris: string[];
}): x509.Extension[] {
  const all: x509.JsonGeneralName[] = [
    ...names.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...names.ipAddresses.map((value) => ({ type: "ip" as const, value })),
    ...names.uris.map((value) => ({ type: "url" as const, value })),
  ];
  return all.length > 0 ? [new x509.SubjectAlternativeNameExtension(all)] : [];
}
