// `ohmq keys`: everything about the files of keys and passwords.

import { defineVerbs } from "../command/spec.js"
import { certificate } from "../keys/certificate.js"
import { check } from "../keys/check.js"
import { list } from "../keys/list.js"
import { password } from "../keys/password.js"
import { publicKey } from "../keys/public-key.js"
import { z85 } from "../keys/z85.js"

export const keys = defineVerbs({
  name: "keys",
  summary: "Generates certificates and writes password files; checks, lists and converts keys",
  about: "The command ohmq-keys is another name for it.",
  subcommands: [certificate, publicKey, password, check, list, z85],
  examples: [],
})
