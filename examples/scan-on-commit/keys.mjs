// CURVE: the own certificate with its secret key, and the public one of the server.

import { Certificate } from "ohmq/security"

export const keys = async (own, server) => ({
  client: await Certificate.load(`${own}.key_secret`),
  serverKey: await Certificate.load(`${server}.key`),
})
