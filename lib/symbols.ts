// Keys of what the classes show to each other and not to users.

/** OptionHolder: the addon's object, or an error if it cannot be used, such as to set an option; and what follows that. */
export const handle = Symbol("ohmq.handle")
export const optionSet = Symbol("ohmq.optionSet")
export const optionRead = Symbol("ohmq.optionRead")

/** OptionHolder: what the properties made from the option table call. */
export const getOption = Symbol("ohmq.getOption")
export const setOption = Symbol("ohmq.setOption")

/** OptionHolder: the entry of the option table for a number. */
export const optionWithId = Symbol("ohmq.optionWithId")

/** Socket: what its subclasses use. Not methods by name, because programs have subclasses with methods of any name. */
export const act = Symbol("ohmq.act")
export const connectBy = Symbol("ohmq.connectBy")
export const connectNamed = Symbol("ohmq.connectNamed")
export const divert = Symbol("ohmq.divert")

/** Socket: how its messages look, where they are not arrays of parts. */
export const form = Symbol("ohmq.form")

/** Socket: what it is bound and connected to. */
export const endpoints = Symbol("ohmq.endpoints")

/** Observer: how a socket's `connected` waits. */
export const waitForPeers = Symbol("ohmq.waitForPeers")

/** Socket: what a proxy, which takes it over, needs of it. */
export const lend = Symbol("ohmq.lend")
