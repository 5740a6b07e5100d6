/** The error of each check as text, or undefined where it passed. */
export type Outcome = Record<"ohmq" | "zeromq", Map<string, string | undefined>>
export interface Choice {
  tested?: ("ohmq" | "zeromq")[]
  runtime?: { execPath: string; execArgv: string[]; env: Record<string, string | undefined> }
  again?(packageName: string, name: string): boolean
}
export function runAll(groups?: string[], choice?: Choice): Promise<Outcome>
