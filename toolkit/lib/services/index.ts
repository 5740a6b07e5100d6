/**
 * Request and reply between programs: services, their servers and their clients.
 *
 * @module ohmq-toolkit/services
 */

export { Client, type ClientEvents, type ServerInfo } from "./client/client.js"
export type { Checked, Contract, InputOf, OutputOf, Schema, ServiceSchemas } from "./contract.js"
export { MajordomoClient, type MajordomoRequestOptions } from "./majordomo/client.js"
export type { MajordomoOptions } from "./majordomo/options.js"
export { type MajordomoHandler, MajordomoWorker, type MajordomoWorkerEvents } from "./majordomo/worker.js"
export type {
  ClientOptions,
  CommonOptions,
  RequestOptions,
  ServerOptions,
  ServiceLimits,
  StreamOptions,
} from "./options.js"
export type { CallContext } from "./server/call.js"
export { type DrainOptions, Server } from "./server/server.js"
export type { HandleOptions, Handler, HandlerOf } from "./server/service.js"
export type { ServerEvents, ServerStats } from "./server/state.js"
export { ServiceError, type ServiceErrorCode, type ServiceErrorDetails } from "./service-error.js"
