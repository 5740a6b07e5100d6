// Options of the security mechanisms.

import type { Option } from "./entry.js"

const principalTypes = ["hostBased", "userName", "krb5Principal"] as const

export const securityOptions = {
  /** ZMQ_MECHANISM: what the options below have chosen: null, "plain", "curve" or "gssapi". */
  securityMechanism: {
    zmq: "ZMQ_MECHANISM",
    wire: "int32",
    access: "read",
    values: [null, "plain", "curve", "gssapi"],
  },
  /** ZMQ_PLAIN_SERVER: authenticates clients by user name and password, unencrypted. Default false. */
  plainServer: { zmq: "ZMQ_PLAIN_SERVER", wire: "bool" },
  /** ZMQ_PLAIN_USERNAME: the user name for a PLAIN server. Null by default. */
  plainUsername: { zmq: "ZMQ_PLAIN_USERNAME", wire: "string" },
  /** ZMQ_PLAIN_PASSWORD: the password for a PLAIN server. Null by default. */
  plainPassword: { zmq: "ZMQ_PLAIN_PASSWORD", wire: "string" },
  /** ZMQ_CURVE_SERVER: is the server of encrypted connections, with `curveSecretKey`. Default false. */
  curveServer: { zmq: "ZMQ_CURVE_SERVER", wire: "bool", needs: "curve" },
  /** ZMQ_CURVE_PUBLICKEY: this side's public key, 40 characters of Z85 or 32 bytes. Null by default. */
  curvePublicKey: { zmq: "ZMQ_CURVE_PUBLICKEY", wire: "curveKey", needs: "curve" },
  /** ZMQ_CURVE_SECRETKEY: this side's secret key, 40 characters of Z85 or 32 bytes. Null by default. */
  curveSecretKey: { zmq: "ZMQ_CURVE_SECRETKEY", wire: "curveKey", needs: "curve" },
  /** ZMQ_CURVE_SERVERKEY: the server's public key, for its clients, 40 characters of Z85 or 32 bytes. Null by default. */
  curveServerKey: { zmq: "ZMQ_CURVE_SERVERKEY", wire: "curveKey", needs: "curve" },
  /** ZMQ_GSSAPI_SERVER: is the server of GSSAPI connections. Default false. */
  gssapiServer: { zmq: "ZMQ_GSSAPI_SERVER", wire: "bool", needs: "gssapi" },
  /** ZMQ_GSSAPI_PRINCIPAL: whose credentials are used. Null by default. */
  gssapiPrincipal: { zmq: "ZMQ_GSSAPI_PRINCIPAL", wire: "string", needs: "gssapi" },
  /** ZMQ_GSSAPI_SERVICE_PRINCIPAL: the server's principal, for its clients. Null by default. */
  gssapiServicePrincipal: { zmq: "ZMQ_GSSAPI_SERVICE_PRINCIPAL", wire: "string", needs: "gssapi" },
  /** ZMQ_GSSAPI_PLAINTEXT: authenticates without encryption. Default false. */
  gssapiPlainText: { zmq: "ZMQ_GSSAPI_PLAINTEXT", wire: "bool", needs: "gssapi" },
  /** ZMQ_GSSAPI_PRINCIPAL_NAMETYPE: what kind of name `gssapiPrincipal` is. Default "hostBased". */
  gssapiPrincipalNameType: {
    zmq: "ZMQ_GSSAPI_PRINCIPAL_NAMETYPE",
    wire: "int32",
    values: principalTypes,
    needs: "gssapi",
  },
  /** ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE: what kind of name `gssapiServicePrincipal` is. Default "hostBased". */
  gssapiServicePrincipalNameType: {
    zmq: "ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE",
    wire: "int32",
    values: principalTypes,
    needs: "gssapi",
  },
  /** ZMQ_ZAP_DOMAIN: the domain under which an authentication handler (ZAP, RFC 27) is asked. Null by default. */
  zapDomain: { zmq: "ZMQ_ZAP_DOMAIN", wire: "string" },
  /** ZMQ_ZAP_ENFORCE_DOMAIN: a server without a ZAP handler refuses connections where a domain is set. Default false. */
  zapEnforceDomain: { zmq: "ZMQ_ZAP_ENFORCE_DOMAIN", wire: "bool", needs: "draft" },
} as const satisfies Record<string, Option>
