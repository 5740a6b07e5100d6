// Options of the security mechanisms: PLAIN, CURVE, GSSAPI and ZAP.

import type { Option } from "./entry.js"

const principalTypes = ["hostBased", "userName", "krb5Principal"] as const

export const mechanismOptions = {
  /** ZMQ_MECHANISM: the mechanism that the options below select: null, "plain", "curve" or "gssapi". */
  securityMechanism: {
    zmq: "ZMQ_MECHANISM",
    wire: "int32",
    access: "read",
    values: [null, "plain", "curve", "gssapi"],
  },
  /** ZMQ_PLAIN_SERVER: makes this socket a PLAIN server: it authenticates clients by user name and password, without encryption. Default false. */
  plainServer: { zmq: "ZMQ_PLAIN_SERVER", wire: "bool" },
  /** ZMQ_PLAIN_USERNAME: the user name of a PLAIN client. Default null. */
  plainUsername: { zmq: "ZMQ_PLAIN_USERNAME", wire: "string" },
  /** ZMQ_PLAIN_PASSWORD: the password of a PLAIN client. Default null. */
  plainPassword: { zmq: "ZMQ_PLAIN_PASSWORD", wire: "string" },
  /** ZMQ_CURVE_SERVER: makes this socket a CURVE server, which needs `curveSecretKey`. Default false. */
  curveServer: { zmq: "ZMQ_CURVE_SERVER", wire: "bool", needs: "curve" },
  /** ZMQ_CURVE_PUBLICKEY: the public key of this socket: 40 characters of Z85 or 32 bytes. Default null. */
  curvePublicKey: { zmq: "ZMQ_CURVE_PUBLICKEY", wire: "curveKey", needs: "curve" },
  /** ZMQ_CURVE_SECRETKEY: the secret key of this socket: 40 characters of Z85 or 32 bytes. Default null. */
  curveSecretKey: { zmq: "ZMQ_CURVE_SECRETKEY", wire: "curveKey", needs: "curve" },
  /** ZMQ_CURVE_SERVERKEY: the server's public key, which its clients need: 40 characters of Z85 or 32 bytes. Default null. */
  curveServerKey: { zmq: "ZMQ_CURVE_SERVERKEY", wire: "curveKey", needs: "curve" },
  /** ZMQ_GSSAPI_SERVER: makes this socket a GSSAPI server. Default false. */
  gssapiServer: { zmq: "ZMQ_GSSAPI_SERVER", wire: "bool", needs: "gssapi" },
  /** ZMQ_GSSAPI_PRINCIPAL: the principal of this socket. Default null. */
  gssapiPrincipal: { zmq: "ZMQ_GSSAPI_PRINCIPAL", wire: "string", needs: "gssapi" },
  /** ZMQ_GSSAPI_SERVICE_PRINCIPAL: the server's principal, which its clients need. Default null. */
  gssapiServicePrincipal: { zmq: "ZMQ_GSSAPI_SERVICE_PRINCIPAL", wire: "string", needs: "gssapi" },
  /** ZMQ_GSSAPI_PLAINTEXT: authenticates peers but does not encrypt messages. Default false. */
  gssapiPlainText: { zmq: "ZMQ_GSSAPI_PLAINTEXT", wire: "bool", needs: "gssapi" },
  /** ZMQ_GSSAPI_PRINCIPAL_NAMETYPE: the type of name of `gssapiPrincipal`: "hostBased", "userName" or "krb5Principal". Default "hostBased". */
  gssapiPrincipalNameType: {
    zmq: "ZMQ_GSSAPI_PRINCIPAL_NAMETYPE",
    wire: "int32",
    values: principalTypes,
    needs: "gssapi",
  },
  /** ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE: the type of name of `gssapiServicePrincipal`, as above. Default "hostBased". */
  gssapiServicePrincipalNameType: {
    zmq: "ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE",
    wire: "int32",
    values: principalTypes,
    needs: "gssapi",
  },
  /** ZMQ_ZAP_DOMAIN: the domain that the ZAP handler (RFC 27) gets with each request. Default null. */
  zapDomain: { zmq: "ZMQ_ZAP_DOMAIN", wire: "string" },
  /** ZMQ_ZAP_ENFORCE_DOMAIN: if `zapDomain` is set but the context has no ZAP handler, the server rejects all peers. Default false. */
  zapEnforceDomain: { zmq: "ZMQ_ZAP_ENFORCE_DOMAIN", wire: "bool", needs: "draft" },
} as const satisfies Record<string, Option>
