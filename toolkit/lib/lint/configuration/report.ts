// How checks of a configuration say what they find.

import type { RuleId } from "../rules.js"

/** Notes what breaks a rule at an option, and what to do: the advice of the rules is for programs. */
export type Report = (rule: RuleId, path: readonly PropertyKey[], message: string, advice: string) => void
