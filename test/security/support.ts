// Helpers for the tests of ohmq/security: a guarded context, keys, folders.

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import * as zmq from "ohmq"
import { type AuditEvent, Authenticator, type AuthenticatorOptions, generateKeyPair } from "ohmq/security"
import { onTestFinished } from "vitest"

export const server = generateKeyPair({ name: "server" })
export const alice = generateKeyPair({ name: "alice" })
export const bob = generateKeyPair({ name: "bob" })

/** A folder that is removed after the test. */
export function folder(): string {
  const name = mkdtempSync(path.join(tmpdir(), "ohmq-security-"))
  onTestFinished(() => rmSync(name, { recursive: true, force: true }))
  return name
}

/** An authenticator on its own context, with the events that it has emitted. */
export function authenticate(options: AuthenticatorOptions = {}) {
  const context = new zmq.Context()
  const authenticator = new Authenticator({ context, ...options })
  onTestFinished(() => authenticator.close())
  const told: AuditEvent[] = []
  const problems: Error[] = []
  authenticator.on("allowed", (event) => told.push(event)).on("denied", (event) => told.push(event))
  authenticator.on("problem", (error) => problems.push(error))
  return { context, authenticator, told, problems }
}

/** Sends a ZAP request as libzmq does, and returns the reply without its delimiter. */
export async function ask(context: zmq.Context, frames: zmq.MessageLike[]): Promise<string[]> {
  const dealer = new zmq.Dealer({ context, linger: 0 })
  onTestFinished(() => dealer.close())
  dealer.connect("inproc://zeromq.zap.01")
  await dealer.send(["", ...frames])
  const [, ...reply] = await dealer.receive({ timeout: 10_000 })
  return reply.map(String)
}

export const request = (
  mechanism: string,
  credentials: zmq.MessageLike[] = [],
  more: { domain?: string; address?: string } = {},
) => ["1.0", "7", more.domain ?? "global", more.address ?? "10.0.0.1", "", mechanism, ...credentials]
