// Sends a message through the package that is named: ohmq or zeromq.

const [, , name] = process.argv
const { Pull, Push } = await import(name)

console.log(`loaded ${name}`)
const [push, pull] = [new Push(), new Pull()]
push.bindSync("inproc://first")
pull.connect("inproc://first")
await push.send("a message")
console.log(String(await pull.receive()))
push.close()
pull.close()
