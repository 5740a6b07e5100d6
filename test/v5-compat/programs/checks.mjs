// The table of programs. Each has a name, and `run(zmq, tools)`, which gives something that JSON can say.
//
// `expected`: what it gives with both packages; where it is left out, both give the same. `zeromq`: what it gives with
// zeromq/v5-compat where that differs, and `why`. `varies`: what it gives there instead is a matter of time. `hangs`: it would
// never end there.

import { api } from "./api.mjs"
import { endpoints } from "./endpoints.mjs"
import { events } from "./events.mjs"
import { messages } from "./messages.mjs"
import { options } from "./options.mjs"

export const checks = [...api, ...options, ...endpoints, ...messages, ...events]
