import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

const tenYears = 10 * 365 * 24;

/** The CA for the log channel. Its key leaves the stack only to sign. */
export class LogAuthority extends pulumi.ComponentResource {
  readonly certificate: pulumi.Output<string>;

  constructor(name: string, domain: string, options?: pulumi.ComponentResourceOptions) {
    super("convocate:log:LogAuthority", name, {}, options);
    // The default curve, P-224, is one that nobody else speaks.
    const key = new tls.PrivateKey(
      `${name}-key`,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    const authority = new tls.SelfSignedCert(
      `${name}-certificate`,
      {
        privateKeyPem: key.privateKeyPem,
        isCaCertificate: true,
        subject: { commonName: `convocate log authority of ${domain}` },
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        validityPeriodHours: tenYears,
      },
      { parent: this },
    );
    this.certificate = authority.certPem;
    this.registerOutputs();
  }
}
