// Hosts that are this machine.

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/** Whether a host, as a URL has it, can be reached from this machine only. */
export const isLoopback = (host: string): boolean => loopback.test(host)

/** Whether an endpoint of ZeroMQ, such as `tcp://127.0.0.1:5580`, can be reached from this machine only. */
export const isLocalEndpoint = (endpoint: string): boolean =>
  /^(ipc|inproc):/.test(endpoint) || isLoopback(/^tcp:\/\/(.+):[^:]*$/.exec(endpoint)?.[1] ?? "")
