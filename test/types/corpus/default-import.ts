// The package as the default import, under esModuleInterop, as half of all programs have it.

import zmq from "zeromq"

const sock: zmq.Dealer = new zmq.Dealer({ routingId: "a" })
const options: zmq.SocketOptions<zmq.Pull> = { linger: 0 }

export class Service {
  private pull = new zmq.Pull(options)
  constructor(private readonly event?: zmq.Event) {}
  async run(): Promise<zmq.Message[]> {
    console.log(zmq.version, zmq.capability.ipc, this.event?.type)
    return this.pull.receive()
  }
}
export const stop = () => sock.close()
export const namespace: typeof zmq = zmq
