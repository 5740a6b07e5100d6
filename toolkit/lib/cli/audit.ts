// `ohmq audit`.

import { append } from "./audit/append.js"
import { init, rotate, seal } from "./audit/keeping.js"
import { exportEntries, prove } from "./audit/reading.js"
import { serve, witness } from "./audit/serving.js"
import { verify } from "./audit/verify.js"
import { type CommandVerb, runCommand } from "./commands.js"

const keys = "PUBLIC is a public key, or a file with one a line. By default, those in DIR/key.pub."

const verb: CommandVerb = {
  name: "audit",
  intro: "DIR is the folder of an audit log.",
  commands: {
    init: {
      usage: "init DIR --name NAME [--after OLD]",
      purpose: "begin a log: makes its key, and prints the public one",
      about: `NAME is a URL without scheme by convention, such as audit.example.com/prod. Give the public key to those who verify.
OLD is the folder of a sealed log: the first entry of the new one names its last size and root.`,
      run: init,
    },
    append: {
      usage: "append DIR [--type TYPE] [--actor WHO] < LINES",
      purpose: "append each line of standard input as an entry",
      about: `An entry is at most 65,535 bytes; empty lines are left out. With --type, a line becomes the text of a record, with the
time. It prints how many lines are on disk. Exit codes: 0 all are, 1 a line was refused: those before it are in the log.`,
      run: append,
    },
    verify: {
      usage: "verify DIR|PROOF --key PUBLIC",
      purpose: "verify every byte of a log, or a proof; no network is used",
      about: `DIR can also be a copy of what a web server has of the log. PROOF is a file that "ohmq audit prove" has written.
  --key PUBLIC          a public key, or a file with one a line; can be repeated. One of them must have signed
  --checkpoint FILE     an older checkpoint, which the log must go on from; can be repeated
  --policy FILE         witnesses and a quorum, as c2sp.org/tlog-policy has it
  --output json         print one JSON object
Exit codes: 0 intact, 1 not intact, 2 wrong usage.`,
      run: verify,
    },
    prove: {
      usage: "prove DIR ID [--out FILE] [--key PUBLIC]",
      purpose: "write the proof that an entry is in the log, as one file",
      about: `ID is the number of an entry, or the "id" of an event or a record. The proof (c2sp.org/tlog-proof) holds the entry. ${keys}`,
      run: prove,
    },
    export: {
      usage: "export DIR [--from N] [--to N]",
      purpose: "print entries as lines of JSON",
      about: `  --from N, --to N              from entry N on, up to but not including entry N
  --since TIME, --until TIME    records of that time; other entries belong to the record before them
  --key PUBLIC                  ${keys}
TIME is a date such as 2026-11-29T10:00Z, or a duration before now such as 24h. A line has the "index", and the "entry" if it is JSON, the
"text" if it is other text, or "base64".`,
      run: exportEntries,
    },
    serve: {
      usage: "serve DIR [--listen 127.0.0.1:8081]",
      purpose: "serve the log over HTTP; any web server can, too",
      about: `  --witness WDIR    be the witness of WDIR at the same address, for other logs
  --insecure        allow an address that other machines can reach. HTTP is not encrypted`,
      run: serve,
    },
    witness: {
      usage: "witness DIR [--log PUBLIC] [--name NAME]",
      purpose: "cosign the checkpoints of other logs",
      about: `DIR is a folder for the key of the witness and for what it has cosigned. It answers c2sp.org/tlog-witness.
  --name NAME         the name of a new witness, such as witness.example.com/w1
  --log PUBLIC        the public key of a log to cosign for, or a file with one a line; can be repeated. It is remembered
  --listen ADDRESS    by default 127.0.0.1:8082
  --insecure          allow an address that other machines can reach. HTTP is not encrypted`,
      run: witness,
    },
    rotate: {
      usage: "rotate DIR [--finish]",
      purpose: "add a new key, which signs beside the old one; --finish retires the old one",
      about:
        "An entry of the log names the new key. It prints the public keys that sign now. Stop the process that has the log open first.",
      run: rotate,
    },
    seal: {
      usage: "seal DIR",
      purpose: "end a log: a last checkpoint, and no more entries",
      about:
        'Begin a new one with "ohmq audit init NEW --name NAME --after DIR". Its tiles can then be archived or deleted.',
      run: seal,
    },
  },
}

export const audit = (args: readonly string[]): Promise<number> => runCommand(verb, args)
