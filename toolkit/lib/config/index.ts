// Configuration: YAML with places, schemas, units, secrets. It also holds what all the other folders share.

export { AnySignal } from "./any-signal.js"
export { checkPart } from "./checking.js"
export { ConfigDocument, ConfigError, looseValue, type Mistake, readText } from "./document.js"
export { isLocalEndpoint, isLoopback } from "./loopback.js"
export { RateLimit } from "./rate-limit.js"
export { jsonSchemaOf, type OptionRow, optionRows } from "./reference.js"
export { resolveSecrets, Secret, type SecretPlaces, secret, secrets } from "./secret.js"
export { oneOrMore, textShapes } from "./shapes.js"
export { suggestion } from "./spelling.js"
export { duration, durationText, size, timerDuration } from "./units.js"
export { isMap, WrittenConfig } from "./written.js"
