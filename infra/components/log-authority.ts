import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

/** In hours, as the provider counts. */
const day = 24;
const year = 365 * day;

/** Who a certificate is for. `names` are DNS names and addresses. */
export interface Holder {
  commonName: string;
  names: readonly string[];
  use: "server_auth" | "client_auth";
}

/** PEM texts; the key, in PKCS#8, is a secret. */
export interface Issued {
  certificate: pulumi.Output<string>;
  /** When the certificate ends; RFC 3339. */
  until: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

/** The default curve, P-224, is one that nobody else speaks. */
const mintKey = (name: string, parent: pulumi.Resource) =>
  new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent });

interface Signer {
  key: tls.PrivateKey;
  certificate: tls.SelfSignedCert;
}

/** The CA for the log channel. Its key leaves the stack only to sign. */
export class LogAuthority extends pulumi.ComponentResource {
  /** What both ends of the channel trust: the present authority, then the one before. */
  readonly trusted: pulumi.Output<string>;
  readonly #present: Signer;

  /** Another `epoch`, another authority. The one before stays trusted until the epoch is counted up again. */
  constructor(name: string, domain: string, epoch: number, options?: pulumi.ComponentResourceOptions) {
    super("convocate:log:LogAuthority", name, {}, options);
    const signer = (of: number): Signer => {
      const suffix = of === 1 ? "" : `-${String(of)}`;
      const key = mintKey(`${name}-key${suffix}`, this);
      const certificate = new tls.SelfSignedCert(
        `${name}-certificate${suffix}`,
        {
          privateKeyPem: key.privateKeyPem,
          isCaCertificate: true,
          // Two authorities of one name would be taken for each other by those who verify.
          subject: { commonName: `convocate log authority${suffix} of ${domain}` },
          allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
          validityPeriodHours: 10 * year,
          // No certificate outlives what it was signed by.
          earlyRenewalHours: 2 * year,
        },
        { parent: this },
      );
      return { key, certificate };
    };
    this.#present = signer(epoch);
    const trusted = [this.#present, ...(epoch > 1 ? [signer(epoch - 1)] : [])];
    this.trusted = pulumi
      .all(trusted.map(({ certificate }) => certificate.certPem))
      .apply((certificates) => certificates.map((pem) => pem.trim()).join("\n"));
    this.registerOutputs();
  }

  /** Signs for a year; an `up` in its last sixty days signs anew, for the same key. Another `name`, another key. */
  issue(name: string, { commonName, names, use }: Holder, parent: pulumi.Resource): Issued {
    const key = mintKey(`${name}-key`, parent);
    const request = new tls.CertRequest(
      `${name}-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName },
        dnsNames: names.filter((text) => isIP(text) === 0),
        ipAddresses: names.filter((text) => isIP(text) !== 0),
      },
      { parent },
    );
    const signed = new tls.LocallySignedCert(
      `${name}-certificate`,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: this.#present.key.privateKeyPem,
        caCertPem: this.#present.certificate.certPem,
        allowedUses: ["digital_signature", use],
        validityPeriodHours: year,
        earlyRenewalHours: 60 * day,
      },
      { parent },
    );
    return {
      certificate: signed.certPem.apply((pem) => pem.trim()),
      until: signed.validityEndTime,
      key: key.privateKeyPemPkcs8.apply((pem) => pem.trim()),
    };
  }
}
