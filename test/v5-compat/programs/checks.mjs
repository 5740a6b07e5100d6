// The table of programs. Each has a name, and `run(zmq, tools)`, which returns a value that JSON can express.
//
// `expected`: the result with both packages (default: both give the same). `zeromq`: the result with zeromq/v5-compat, if it differs, and
// `why`. `varies`: the result there depends on timing. `hangs`: it would never end there.

import { api } from "./api.mjs"
import { endpoints } from "./endpoints.mjs"
import { events } from "./events.mjs"
import { messages } from "./messages.mjs"
import { options } from "./options.mjs"

export const checks = [...api, ...options, ...endpoints, ...messages, ...events]
