import { createHash, randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { z } from "zod";
import type { CheckFailure } from "@pulumi/pulumi/provider/index.js";
import type { Resource } from "../provider.ts";
import { unknown, type Properties } from "../wire.ts";
import {
  alternativeNames,
  alternativeNamesExtension,
  isUse,
  nameOf,
  subjectSchema,
  usageExtensions,
  uses,
} from "./extensions.ts";
import { importKey } from "./keys.ts";

const validity = {
  validityPeriodHours: z.number().positive(),
  earlyRenewalHours: z.number().min(0).default(0),
  allowedUses: z.array(z.string()),
  isCaCertificate: z.boolean().default(false),
  setSubjectKeyId: z.boolean().default(false),
};

const requestSchema = z.looseObject({
  privateKeyPem: z.string(),
  subject: subjectSchema.default({}),
  ...alternativeNames,
});
const selfSignedSchema = z.looseObject({
  ...requestSchema.shape,
  ...validity,
  setAuthorityKeyId: z.boolean().default(false),
});
const locallySignedSchema = z.looseObject({
  certRequestPem: z.string(),
  caPrivateKeyPem: z.string(),
  caCertPem: z.string(),
  ...validity,
});

const defaults = {
  earlyRenewalHours: 0,
  isCaCertificate: false,
  setSubjectKeyId: false,
  setAuthorityKeyId: false,
};

const hour = 3_600_000;
const rfc3339 = (date: Date) => date.toISOString().replace(/\.\d+Z$/, "Z");

/** Serial number (20 random octets, positive: RFC 5280 §4.1.2.2) and period of a new certificate. */
function issue(hours: number) {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const notAfter = new Date(notBefore.getTime() + hours * hour);
  const serialNumber = serial.toString("hex");
  return {
    id: BigInt(`0x${serialNumber}`).toString(10),
    certificate: { serialNumber, notBefore, notAfter },
    outs: {
      validityStartTime: rfc3339(notBefore),
      validityEndTime: rfc3339(notAfter),
      readyForRenewal: false,
    },
  };
}

/** A certificate inside its renewal window is replaced, by way of the output `readyForRenewal`. */
function expired(olds: Properties, news: Properties): string[] {
  const early = typeof news["earlyRenewalHours"] === "number" ? news["earlyRenewalHours"] : 0;
  const end = Date.parse(String(olds["validityEndTime"]));
  return Date.now() >= end - early * hour ? ["readyForRenewal"] : [];
}

function checkUses(inputs: Properties): CheckFailure[] {
  const given = z.array(z.string()).safeParse(inputs["allowedUses"]);
  const wrong = (given.data ?? []).filter((use) => use !== unknown && !isUse(use));
  return wrong.map((use) => ({
    property: "allowedUses",
    reason: `unknown use ${JSON.stringify(use)}; use ${uses.join(", ")}`,
  }));
}

const except = (names: readonly string[], less: string) => names.filter((name) => name !== less);
const requestInputs = ["privateKeyPem", "subject", "dnsNames", "ipAddresses", "uris"];
const validityInputs = Object.keys(validity);
const selfSignedInputs = [...requestInputs, ...validityInputs, "setAuthorityKeyId"];
const locallySignedInputs = ["certRequestPem", "caPrivateKeyPem", "caCertPem", ...validityInputs];

/** `tls:index/certRequest:CertRequest`: who wants which names, signed by its own key. */
export const certRequest: Resource = {
  inputs: requestInputs,
  replaceOn: requestInputs,
  secretOutputs: ["privateKeyPem"],
  async create(_name: string, inputs: Properties) {
    const options = requestSchema.parse(inputs);
    const { algorithm, pair, kind } = await importKey(options.privateKeyPem);
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: nameOf(options.subject),
      keys: pair,
      signingAlgorithm: algorithm,
      extensions: alternativeNamesExtension(options),
    });
    const id = createHash("sha1").update(Buffer.from(request.rawData)).digest("hex");
    return { id, outs: { ...inputs, certRequestPem: `${request.toString("pem")}\n`, keyAlgorithm: kind } };
  },
};

/** `tls:index/selfSignedCert:SelfSignedCert`: a certificate that vouches for itself, such as an authority's. */
export const selfSignedCert: Resource = {
  inputs: selfSignedInputs,
  replaceOn: except(selfSignedInputs, "earlyRenewalHours"),
  defaults,
  secretOutputs: ["privateKeyPem"],
  check: checkUses,
  expired,
  async create(_name: string, inputs: Properties) {
    const options = selfSignedSchema.parse(inputs);
    const { algorithm, pair, kind } = await importKey(options.privateKeyPem);
    const { id, certificate, outs } = issue(options.validityPeriodHours);
    const certificateOut = await x509.X509CertificateGenerator.createSelfSigned({
      ...certificate,
      name: nameOf(options.subject),
      keys: pair,
      signingAlgorithm: algorithm,
      extensions: [
        ...usageExtensions(options.allowedUses),
        new x509.BasicConstraintsExtension(options.isCaCertificate, undefined, true),
        ...(options.isCaCertificate || options.setSubjectKeyId
          ? [await x509.SubjectKeyIdentifierExtension.create(pair.publicKey)]
          : []),
        ...(options.setAuthorityKeyId
          ? [await x509.AuthorityKeyIdentifierExtension.create(pair.publicKey)]
          : []),
        ...alternativeNamesExtension(options),
      ],
    });
    return {
      id,
      outs: { ...inputs, ...outs, certPem: `${certificateOut.toString("pem")}\n`, keyAlgorithm: kind },
    };
  },
  update: (olds, news) => Promise.resolve({ ...olds, ...news }),
};

/** `tls:index/locallySignedCert:LocallySignedCert`: what a request asks for, signed by an authority of the stack. */
export const locallySignedCert: Resource = {
  inputs: locallySignedInputs,
  replaceOn: except(locallySignedInputs, "earlyRenewalHours"),
  defaults,
  secretOutputs: ["caPrivateKeyPem"],
  check: checkUses,
  expired,
  async create(_name: string, inputs: Properties) {
    const options = locallySignedSchema.parse(inputs);
    const authority = await importKey(options.caPrivateKeyPem);
    const authorityCertificate = new x509.X509Certificate(options.caCertPem);
    const request = new x509.Pkcs10CertificateRequest(options.certRequestPem);
    if (!(await request.verify())) throw new Error("certRequestPem: its signature does not fit its key");
    const { id, certificate, outs } = issue(options.validityPeriodHours);
    const names = request.getExtension("2.5.29.17");
    const authorityKeyId = authorityCertificate.getExtension(x509.SubjectKeyIdentifierExtension);
    const certificateOut = await x509.X509CertificateGenerator.create({
      ...certificate,
      subject: request.subjectName.toJSON(),
      issuer: authorityCertificate.subjectName.toJSON(),
      publicKey: request.publicKey,
      signingKey: authority.pair.privateKey,
      signingAlgorithm: authority.algorithm,
      extensions: [
        ...usageExtensions(options.allowedUses),
        new x509.BasicConstraintsExtension(options.isCaCertificate, undefined, true),
        ...(options.isCaCertificate || options.setSubjectKeyId
          ? [await x509.SubjectKeyIdentifierExtension.create(request.publicKey)]
          : []),
        ...(authorityKeyId ? [new x509.AuthorityKeyIdentifierExtension(authorityKeyId.keyId)] : []),
        ...(names ? [names] : []),
      ],
    });
    const caKeyAlgorithm = authority.kind;
    return {
      id,
      outs: { ...inputs, ...outs, certPem: `${certificateOut.toString("pem")}\n`, caKeyAlgorithm },
    };
  },
  update: (olds, news) => Promise.resolve({ ...olds, ...news }),
};
