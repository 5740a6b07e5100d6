// The certificates of sinks that connect over TLS.

import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { z } from "zod"

const file = z.string().min(1)

export const authorityOption = file
  .optional()
  .describe("A file with the certificates (PEM) of the authorities that are trusted. Those of Node.js, by default.")

/** The options of a client that may have a certificate of its own. */
export const tlsOptions = {
  ca: authorityOption,
  cert: file.optional().describe("A file with the certificate (PEM) of this client, if the server asks for one."),
  key: file.optional().describe("A file with the key (PEM) of this client."),
}

interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** What is wrong with the files for a server that is reached over TLS or not. `option` is the one with its address. */
export function tlsProblem(
  { ca, cert, key }: TlsFiles,
  isTls: boolean,
  option: string,
): [string[], string] | undefined {
  if (!isTls && (ca ?? cert ?? key) !== undefined) return [[option], "ca, cert and key are for tls:"]
  if ((cert === undefined) !== (key === undefined)) return [[], "cert and key belong together: one of them is missing"]
  return undefined
}

/** Reads the files. Their paths are relative to a folder. */
export function readTls({ ca, cert, key }: TlsFiles, folder: string): { ca?: string; cert?: string; key?: string } {
  const read = (path: string) => readFileSync(resolve(folder, path), "utf8")
  return {
    ...(ca !== undefined && { ca: read(ca) }),
    ...(cert !== undefined && { cert: read(cert) }),
    ...(key !== undefined && { key: read(key) }),
  }
}
