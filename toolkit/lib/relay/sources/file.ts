// The source `file`: the lines of a file that grows, through its rotation.

import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import { type FileHandle, mkdir, open, readdir, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { setTimeout } from "node:timers/promises"
import { z } from "zod"
import { type Source, type SourceContext, sourceKind } from "../components.js"
import { eventsOfLines, type Line, LineSplitter, lineOptions } from "../formats/lines.js"
import { readNote, saveNote } from "../notes.js"

const schema = z.strictObject({
  path: z.string().min(1).describe("The file. It may be created later, and is followed through its rotation."),
  from: z.enum(["start", "end"]).prefault("start").describe("Where to begin the first time."),
  ...lineOptions,
})
type Config = z.infer<typeof schema>

/** How often to look for more. Notices of the system are not sent for all file systems. */
const pollMs = 200
const chunkBytes = 256 << 10

/** How far a file was read. The inode says which file: its name changes when it is rotated. */
interface Place {
  inode: string
  offset: number
}

class FileSource implements Source {
  readonly #config: Config
  readonly #context: SourceContext
  readonly #path: string
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined

  constructor(config: Config, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#path = resolve(context.folder, config.path)
  }

  get #placeFile(): string {
    const name = createHash("sha256").update(this.#path).digest("hex").slice(0, 16)
    return join(this.#context.state, `file-${name}.json`)
  }

  async start(): Promise<void> {
    await mkdir(this.#context.state, { recursive: true })
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#follow()
      } catch (error) {
        if (signal.aborted) return
        this.#context.log.error({ reason: (error as Error).message }, "The file cannot be read")
      }
      await setTimeout(pollMs, undefined, { signal }).catch(() => {})
    }
  }

  /** Reads a file until another has taken its name, and the first is read to its end. */
  async #follow(): Promise<void> {
    const place = await readNote<Place>(this.#placeFile)
    const file = await this.#open(place)
    if (file === undefined) return
    try {
      const { ino, size } = await file.stat({ bigint: true })
      const inode = String(ino)
      let offset = place?.inode === inode ? place.offset : 0
      if (place === undefined && this.#config.from === "end") offset = Number(size)
      if (Number(size) < offset) {
        this.#context.log.warn(
          { path: this.#config.path },
          "The file is shorter than before: it is read from its start",
        )
        offset = 0
      }
      if (place?.inode !== inode) await this.#savePlace({ inode, offset })
      await this.#readOn(file, inode, offset)
    } finally {
      await file.close()
    }
  }

  async #readOn(file: FileHandle, inode: string, from: number): Promise<void> {
    const splitter = new LineSplitter(this.#config.maxLine, from)
    const { signal } = this.#stopping
    const buffer = Buffer.alloc(chunkBytes)
    let isReplaced = false
    for (let offset = from; !signal.aborted; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
      if (bytesRead === 0) {
        // Once more after the new file was seen: the writer may have had the old one open.
        if (isReplaced) {
          const rest = splitter.end()
          if (rest !== undefined) await this.#take([rest], inode)
          return this.#savePlace({ inode: "", offset: 0 })
        }
        const current = await this.#inodeOf(this.#path)
        isReplaced = current !== undefined && current !== inode
        if ((await file.stat()).size < offset) return
        await setTimeout(pollMs, undefined, { signal }).catch(() => {})
        continue
      }
      offset += bytesRead
      const lines = splitter.push(buffer.subarray(0, bytesRead))
      await this.#take(lines, inode)
      const end = lines.at(-1)?.end
      if (end !== undefined) await this.#savePlace({ inode, offset: end })
    }
  }

  async #take(lines: readonly Line[], inode: string): Promise<void> {
    const { name, refuse, intake } = this.#context
    const keyOf = ({ end }: Line) => `${this.#path} ${inode} ${end}`
    const events = eventsOfLines(lines, `/file/${name}`, keyOf, this.#config, refuse)
    if (events.length > 0) await intake(events, { canRefuse: false, signal: this.#stopping.signal })
  }

  async #inodeOf(path: string): Promise<string | undefined> {
    try {
      return String((await stat(path, { bigint: true })).ino)
    } catch {
      return undefined
    }
  }

  /** The file that was not read to its end, whatever its name is now; otherwise the one at the path. */
  async #open(place: Place | undefined): Promise<FileHandle | undefined> {
    const folder = dirname(this.#path)
    let path = this.#path
    if (place !== undefined && place.inode !== "" && (await this.#inodeOf(path)) !== place.inode) {
      const names = await readdir(folder).catch(() => [])
      for (const name of names.filter((one) => one.startsWith(basename(this.#path)))) {
        if ((await this.#inodeOf(join(folder, name))) === place.inode) path = join(folder, name)
      }
    }
    try {
      return await open(path, "r")
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
      throw error
    }
  }

  /** The events up to here are on disk. */
  #savePlace(place: Place): Promise<void> {
    return saveNote(this.#placeFile, place)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }
}

export const fileSource = sourceKind<Config>({ schema, create: (config, context) => new FileSource(config, context) })
