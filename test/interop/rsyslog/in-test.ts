// A private rsyslogd that is ended when the test is over.

import { onTestFinished } from "vitest"

import { startRsyslogd as start } from "./daemon.mjs"

export async function startRsyslogd(folder: string, configuration: string) {
  const daemon = await start(folder, configuration)
  onTestFinished(daemon.stop)
  return daemon
}
