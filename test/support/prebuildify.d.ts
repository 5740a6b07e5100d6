declare module "prebuildify" {
  function prebuildify(options: object, done: (error: Error | null) => void): void
  export = prebuildify
}
