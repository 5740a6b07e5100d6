// Keys of what the classes show to each other and not to users.

/** OptionHolder: the addon's object, or an error if it cannot be used; and what follows once an option was set. */
export const handle = Symbol("ohmq.handle")
export const optionSet = Symbol("ohmq.optionSet")
export const optionRead = Symbol("ohmq.optionRead")

/** OptionHolder: what the properties made from the option table call. */
export const getOption = Symbol("ohmq.getOption")
export const setOption = Symbol("ohmq.setOption")

/** Socket: how its messages look, where they are not arrays of parts. */
export const form = Symbol("ohmq.form")

/** Socket: what it is bound and connected to. */
export const endpoints = Symbol("ohmq.endpoints")

/** Socket: what a proxy, which takes it over, needs of it. */
export const lend = Symbol("ohmq.lend")
