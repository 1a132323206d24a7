/** The offline stand-in for the plugin `tls` (see docs/decisions/2). */
import "reflect-metadata"; // what @peculiar/x509 is built on asks for it, first
import { main } from "@pulumi/pulumi/provider/server.js";
import { onOrphaned } from "../../parent.ts";
import { makeProvider } from "../provider.ts";
import { certRequest, locallySignedCert, selfSignedCert } from "./certificate.ts";
import { privateKey } from "./private-key.ts";

const resources = {
  "tls:index/privateKey:PrivateKey": privateKey,
  "tls:index/certRequest:CertRequest": certRequest,
  "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
  "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
};

onOrphaned(() => process.exit(1));
void main(makeProvider("5.5.1", resources), process.argv.slice(2));
