// The presets of the source `webhook`.

import type { Config } from "../options.js"
import { alertmanager } from "./alertmanager.js"
import { checkmarx } from "./checkmarx.js"
import { crowdsec } from "./crowdsec.js"
import { hmac, token } from "./generic.js"
import { github } from "./github.js"
import { gitlab } from "./gitlab.js"
import { jenkins } from "./jenkins.js"
import type { PresetOf } from "./preset.js"
import { sonarqube } from "./sonarqube.js"
import { standardWebhooks } from "./standard-webhooks.js"

export const presets: Readonly<Record<Config["preset"], PresetOf>> = {
  alertmanager,
  checkmarx,
  crowdsec,
  github,
  gitlab,
  hmac,
  jenkins,
  sonarqube,
  "standard-webhooks": standardWebhooks,
  token,
}
