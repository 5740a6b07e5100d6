/** The error of each check as text, or undefined where it passed. */
export type Outcome = Record<"ohmq" | "zeromq", Map<string, string | undefined>>
export function runAll(groups?: string[]): Promise<Outcome>
