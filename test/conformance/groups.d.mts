export const groups: string[]
export function loadChecks(group: string): Promise<{ all: Map<string, unknown> }>
