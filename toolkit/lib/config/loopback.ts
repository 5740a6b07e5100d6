// Hosts that are this machine.

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/** Whether a host, as a URL has it, can be reached from this machine only. */
export const isLoopback = (host: string): boolean => loopback.test(host)
