// Certificates of TLS: an authority, a server at 127.0.0.1, and a client.

import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"

/** Writes `ca`, `server` and `client`, each with the endings `.pem` and `.key`. */
export function certificates(folder: string): void {
  const run = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" })
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  run("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
  for (const [name, subject] of [
    ["server", "/CN=127.0.0.1"],
    ["client", "/CN=scanner-7"],
  ] as const) {
    run("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject)
    writeFileSync(join(folder, "ext"), "subjectAltName=IP:127.0.0.1\n")
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "ext"]
    run("x509", "-req", "-in", `${name}.csr`, ...signed, "-out", `${name}.pem`)
  }
}
