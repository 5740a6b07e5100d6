// Whether the certificates that a configuration names are there, and are what they have to be.

import { readdirSync, readFileSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { Certificate } from "ohmq/security"

/** The certificates of a component. */
export interface CertificateFiles {
  readonly cert: string
  readonly serverKey?: string | undefined
  readonly clients?: string | undefined
}

type Report = (option: keyof CertificateFiles, problem: string) => void

/** What is used of a certificate here: nothing secret. */
interface Known {
  readonly publicKey: string
  readonly hasSecretKey: boolean
}

/** Reads a certificate, and reports it if that fails. `name` is the path as configured. */
function read(file: string, name: string, report: (problem: string) => void): Known | undefined {
  try {
    const stats = statSync(file)
    if (!stats.isFile()) {
      report(`${name} is not a regular file`)
      return undefined
    }
    const certificate = Certificate.parse(readFileSync(file))
    const { publicKey, hasSecretKey } = certificate
    certificate.destroy()
    if (hasSecretKey && process.platform !== "win32" && (stats.mode & 0o077) !== 0)
      report(`Others than its owner may read or write ${name}. Run: chmod 600 ${name}`)
    return { publicKey, hasSecretKey }
  } catch (error) {
    const { code = "", syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) report(`${name} is not a certificate: ${message}`)
    else if (code === "ENOENT") report(`There is no file ${name}. Make a certificate with: ohmq keys certificate`)
    else report(`Cannot read ${name}: ${code}`)
    return undefined
  }
}

function checkClients(folder: string, name: string, report: (problem: string) => void): void {
  try {
    // An empty folder lets nobody in yet: certificates can be put there at any time.
    for (const file of readdirSync(folder).filter((one) => one.endsWith(".key")))
      read(join(folder, file), join(name, file), report)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const make = `Make it, only for this user, and put the public certificate (.key) of each peer there`
    report(code === "ENOENT" ? `There is no folder ${name}. ${make}` : `Cannot read the folder ${name}: ${code}`)
  }
}

/** Reports what is wrong with certificates. */
export function checkCertificates(
  { cert, serverKey, clients }: CertificateFiles,
  folder: string,
  report: Report,
): void {
  const own = read(resolve(folder, cert), cert, (problem) => report("cert", problem))
  if (own && !own.hasSecretKey)
    report(
      "cert",
      `${cert} has no secret key: it is a public certificate. Name the file with it, such as ${cert}_secret`,
    )
  if (serverKey !== undefined) {
    const server = read(resolve(folder, serverKey), serverKey, (problem) => report("serverKey", problem))
    if (server && server.publicKey === own?.publicKey)
      report("serverKey", `${serverKey} is the certificate of this relay itself. Name the public one of the server`)
  }
  if (clients !== undefined) checkClients(resolve(folder, clients), clients, (problem) => report("clients", problem))
}
