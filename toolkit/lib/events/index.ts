// Events: CloudEvents with the types of security work.

/** The version of CloudEvents. */
export const specversion = "1.0"
