// The file named in full, as in ES modules.

import { Client } from "zeromq/draft.js"

export const client: Client = new Client()
