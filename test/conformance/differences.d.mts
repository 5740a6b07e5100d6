export const differences: Record<string, { zeromq: string; reason: number | string; sometimes: boolean }>
