import * as zmq from "ohmq"
const rep = new zmq.Reply(), req = new zmq.Request()
await rep.bind("tcp://127.0.0.1:*"); req.connect(rep.lastEndpoint)
const N = 5000
;(async () => { for await (const [m] of rep) await rep.send(m) })()
const t = performance.now()
for (let i = 0; i < N; i++) { await req.send("x"); await req.receive() }
console.log("us/hop", ((performance.now() - t) * 1000 / N / 2).toFixed(1))
rep.close(); req.close()
