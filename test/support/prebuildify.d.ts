declare module "prebuildify" {
  export default function prebuildify(options: object, done: (error: Error | null) => void): void
}
