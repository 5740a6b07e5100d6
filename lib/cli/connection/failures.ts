// What failed connections and handshakes mean, and what to do. `npm run pages` makes the tables of docs/errors.md from it, too.

import { constants } from "node:os"

/** A failure, in words. */
export interface Failure {
  /** What it means. docs/errors.md shows it, too. */
  readonly meaning: string
  /** What a user of the command can do about it, as a sentence. */
  readonly advice: string
}

const sameSecurity =
  "Give both sides the same security: ohmq doctor ENDPOINT says what the peer has, and --cert and --server-cert set this side's."
const report =
  "One of the two libraries has a bug, or something else speaks there: ohmq doctor ENDPOINT says what it is."
const serverLog = "See the log of the server, in which its ZAP handler runs."

/** By the `code` of the event "handshake:error:protocol". */
export const handshakeFailures: Readonly<Record<string, Failure>> = {
  ERR_ZMTP_MECHANISM_MISMATCH: {
    meaning:
      "One side encrypts and the other does not, or they use different mechanisms. Set the same `security` on both",
    advice: sameSecurity,
  },
  ERR_ZMTP_CRYPTOGRAPHIC: {
    meaning:
      "A CURVE message cannot be decrypted. The client has another `serverKey` than the server's, or the data was changed in transit",
    advice: "Compare the client's --server-cert with the certificate of the server.",
  },
  ERR_ZMTP_KEY_EXCHANGE: { meaning: "The CURVE key exchange failed", advice: report },
  ERR_ZMTP_INVALID_METADATA: {
    meaning: "The peer's socket type does not fit, for example two Publishers, or its metadata is invalid",
    advice: "Use a socket type that fits: ohmq doctor ENDPOINT says what the peer is.",
  },
  ERR_ZMTP_INVALID_SEQUENCE: {
    meaning: "A message replays an earlier one, or is out of order",
    advice: "Something between the two sides changes or repeats what it forwards: look for a proxy, or an attack.",
  },
  ERR_ZMTP_UNEXPECTED_COMMAND: { meaning: "The peer sent a command that does not fit here", advice: sameSecurity },
  ERR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED: { meaning: "The peer sent an invalid command", advice: report },
  ERR_ZMTP_MALFORMED_COMMAND_MESSAGE: { meaning: "The peer sent an invalid MESSAGE command", advice: report },
  ERR_ZMTP_MALFORMED_COMMAND_HELLO: { meaning: "The peer sent an invalid HELLO command", advice: report },
  ERR_ZMTP_MALFORMED_COMMAND_INITIATE: { meaning: "The peer sent an invalid INITIATE command", advice: report },
  ERR_ZMTP_MALFORMED_COMMAND_ERROR: { meaning: "The peer sent an invalid ERROR command", advice: report },
  ERR_ZMTP_MALFORMED_COMMAND_READY: { meaning: "The peer sent an invalid READY command", advice: report },
  ERR_ZMTP_MALFORMED_COMMAND_WELCOME: { meaning: "The peer sent an invalid WELCOME command", advice: report },
  ERR_ZMTP_UNSPECIFIED: {
    meaning: "Another error of the peer's protocol, for example if it does not speak ZMTP",
    advice: "See what speaks there: ohmq doctor ENDPOINT.",
  },
  ERR_ZAP_UNSPECIFIED: { meaning: "The ZAP handler failed; ohmq's Authenticator is one", advice: serverLog },
  ERR_ZAP_MALFORMED_REPLY: { meaning: "The ZAP handler sent an invalid reply", advice: serverLog },
  ERR_ZAP_BAD_REQUEST_ID: { meaning: "The ZAP handler replied to another request", advice: serverLog },
  ERR_ZAP_BAD_VERSION: { meaning: "The ZAP handler uses another version of ZAP", advice: serverLog },
  ERR_ZAP_INVALID_STATUS_CODE: { meaning: "The ZAP handler replied with an unknown status", advice: serverLog },
  ERR_ZAP_INVALID_METADATA: { meaning: "The ZAP handler replied with invalid metadata", advice: serverLog },
  ERR_WS_UNSPECIFIED: {
    meaning: "The WebSocket handshake failed",
    advice: "See whether it is a ZeroMQ socket that is bound to a ws:// endpoint: ohmq doctor ENDPOINT.",
  },
  ERR_UNKNOWN: {
    meaning: "An error that this version of ohmq does not know",
    advice: "Update ohmq, or see what speaks there: ohmq doctor ENDPOINT.",
  },
}

/** An answer of a ZAP handler (RFC 27, https://rfc.zeromq.org/spec/27/) other than 200. */
export interface Refusal extends Failure {
  /** The message of the event's error. */
  readonly message: string
  /** What a program can do about it, for docs/errors.md. */
  readonly remedy: string
}

/** By the `status` of the event "handshake:error:auth". */
export const refusals: Readonly<Record<string, Refusal>> = {
  300: {
    message: "Temporary error",
    meaning: "The server cannot decide now: a handler failed or timed out, or the address has failed too often",
    remedy: "libzmq tries again",
    advice: "Try again in a minute; if it stays, see the log of the server.",
  },
  400: {
    message: "Authentication failure",
    meaning: "The server does not accept this key, user or address",
    remedy:
      "Correct the credentials, or add the client's key to the server. libzmq does not try again: reconnect with a new `connect`",
    advice: "Add this side's public key, user or address to those that the server lets in, or correct it here.",
  },
  500: {
    message: "Internal error",
    meaning: "The server's ZAP handler failed",
    remedy: "See the server's log",
    advice: serverLog,
  },
}

/** Errors of the system, mostly in monitor events. Those with an advice are the ones that users meet. */
export const systemFailures: Readonly<Record<string, string>> = {
  EAFNOSUPPORT: "the address family is not supported, such as IPv6 on a machine without it",
  ECONNABORTED: "the peer closed the connection before it was accepted",
  ECONNREFUSED: "no socket listens at the address",
  ECONNRESET: "the peer reset the connection",
  EFAULT: "bad address: a bug of ohmq or libzmq, please report it",
  EINPROGRESS: "the connection is still being established",
  EINTR: "a signal interrupted the call",
  EIO: "input or output failed, for example on a file",
  EISDIR: "a folder instead of a file or socket",
  ELOOP: "too many symbolic links in a path",
  ENAMETOOLONG: "a path is too long; ipc paths may have about 100 bytes",
  ENETDOWN: "the network is down",
  ENETRESET: "the network dropped the connection",
  ENETUNREACH: "the network is unreachable",
  ENFILE: "the system has too many open files",
  ENOBUFS: "the system has no more memory for network buffers",
  ENOMEM: "out of memory",
  ENOPROTOOPT: "the system does not support a socket option",
  ENOSPC: "the disk is full",
  ENOTCONN: "the connection is closed",
  ENOTDIR: "a file instead of a folder in a path, such as that of `CertificateStore.open`",
  ENOTSOCK: "the file descriptor is not a socket, for example with `useFileDescriptor`",
  EPIPE: "the peer closed the connection",
  EPROTO: "a protocol error",
  EROFS: "the file system is read-only",
  ETIMEDOUT: "the connection timed out",
  EFBIG: "a certificate or password file is too large",
}

/** An error of the system, in words. Without `code`, by `errno`. */
export function systemMeaning({ code, errno, message }: NodeJS.ErrnoException): string {
  const name = code ?? Object.entries(constants.errno).find(([, number]) => number === errno)?.[0]
  return (name !== undefined && systemFailures[name]) || message
}
