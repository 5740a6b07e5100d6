// A client of a Jupyter kernel: five channels, signed messages.

import { createHmac } from "crypto"
import { EventEmitter } from "events"

import * as zmq from "zeromq"

interface ConnectionInfo {
  ip: string
  transport: "tcp" | "ipc"
  key: string
  shell_port: number
  iopub_port: number
  control_port: number
  stdin_port: number
  hb_port: number
}

interface JupyterMessage {
  idents: Buffer[]
  header: { msg_id: string; msg_type: string; session: string }
  parent_header: object
  metadata: object
  content: any
  buffers: Buffer[]
}

const delimiter = "<IDS|MSG>"

export const getUri = (config: ConnectionInfo, channel: "shell" | "iopub" | "control" | "stdin" | "hb"): string =>
  `${config.transport}://${config.ip}:${config[`${channel}_port` as const]}`

export function encode(message: JupyterMessage, key: string): zmq.MessageLike[] {
  const frames = [message.header, message.parent_header, message.metadata, message.content].map((part) =>
    JSON.stringify(part),
  )
  const signature = createHmac("sha256", key)
  frames.forEach((frame) => signature.update(frame))
  return [...message.idents, delimiter, signature.digest("hex"), ...frames, ...message.buffers]
}

export function decode(frames: zmq.Message[]): JupyterMessage {
  const at = frames.findIndex((frame) => frame.toString() === delimiter)
  const [header, parent_header, metadata, content] = frames
    .slice(at + 2, at + 6)
    .map((frame) => JSON.parse(frame.toString("utf-8")))
  return { idents: frames.slice(0, at), header, parent_header, metadata, content, buffers: frames.slice(at + 6) }
}

type Channel = zmq.Dealer | zmq.Subscriber

export class Kernel extends EventEmitter {
  private readonly shell: zmq.Dealer
  private readonly control: zmq.Dealer
  private readonly stdin: zmq.Dealer
  private readonly iopub: zmq.Subscriber
  private heartbeat?: zmq.Request

  constructor(
    private readonly config: ConnectionInfo,
    session: string,
  ) {
    super()
    const options: zmq.SocketOptions<zmq.Dealer> = {
      routingId: session,
      sendHighWaterMark: 0,
      receiveHighWaterMark: 0,
      maxMessageSize: -1,
      linger: 0,
    }
    this.shell = new zmq.Dealer(options)
    this.control = new zmq.Dealer({ ...options })
    this.stdin = new zmq.Dealer(options)
    this.iopub = new zmq.Subscriber({ receiveHighWaterMark: 0, maxMessageSize: -1 })
    this.iopub.subscribe()
  }

  async start(): Promise<void> {
    this.shell.connect(getUri(this.config, "shell"))
    this.control.connect(getUri(this.config, "control"))
    this.stdin.connect(getUri(this.config, "stdin"))
    this.iopub.connect(getUri(this.config, "iopub"))
    void this.process("shell", this.shell)
    void this.process("iopub", this.iopub)
    await this.waitForHeartbeat()
  }

  private async process(name: string, channel: Channel) {
    while (!channel.closed) {
      try {
        for await (const frames of channel) this.emit("message", name, decode(frames))
      } catch (error) {
        if (!channel.closed) this.emit("error", error)
      }
    }
  }

  private async waitForHeartbeat(timeout = 1000): Promise<boolean> {
    this.heartbeat = new zmq.Request({ receiveTimeout: timeout, linger: 0 })
    this.heartbeat.connect(getUri(this.config, "hb"))
    await this.heartbeat.send("ping")
    try {
      const [pong] = await this.heartbeat.receive()
      return pong.toString() === "ping"
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === "EAGAIN") return false
      throw err
    }
  }

  execute(message: JupyterMessage) {
    return this.shell.send(encode(message, this.config.key)).catch((e) => this.emit("error", e))
  }

  dispose() {
    const sockets: Array<zmq.Socket | undefined> = [this.shell, this.control, this.stdin, this.iopub, this.heartbeat]
    sockets.forEach((socket) => {
      socket?.close()
    })
    ;[this.shell, this.iopub].forEach((socket) => {
      socket.close()
    })
  }
}
