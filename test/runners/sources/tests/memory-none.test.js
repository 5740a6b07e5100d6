// One of hundreds that do not use the package: what the runner itself takes.

import { record, test } from "./adapter.js"
import { held } from "./held.js"

test("nothing is used", () => record(held()))
