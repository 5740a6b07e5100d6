// A program that adds to the types of the package.

import type { Context, Dealer, Event, MessageLike, Observer, Router, Socket, Subscriber } from "zeromq"

declare module "zeromq" {
  interface Dealer {
    label: string
  }
  interface Router {
    readonly peers: Map<string, Date>
  }
  interface Subscriber {
    topics(): string[]
  }
  interface Writable {
    sendLater?(message: MessageLike): void
  }
  interface EventSubscriber {
    onAny?(listener: (event: Event) => void): void
  }
}

export function use(dealer: Dealer, router: Router, subscriber: Subscriber) {
  dealer.label = "a"
  dealer.sendLater?.("x")
  router.events.onAny?.((event) => console.log(event.type))
  return [router.peers.size, ...subscriber.topics()]
}

export const untouched = (socket: Socket, context: Context, observer: Observer) => [
  socket.linger,
  context.ipv6,
  observer.closed,
]
