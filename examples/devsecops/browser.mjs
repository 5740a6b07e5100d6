// Opens a page in the browser of the user, if there is a desktop. Where there is none, it says so: the address has been printed.

import { spawn } from "node:child_process"

import { note } from "./report.mjs"

export function openPage(url) {
  const { platform, env } = process
  // Without a desktop, xdg-open starts a browser for terminals, if there is one.
  if (platform !== "darwin" && !env.DISPLAY && !env.WAYLAND_DISPLAY) return note("No desktop to open the page on")
  const command = platform === "darwin" ? "open" : "xdg-open"
  const child = spawn(command, [url], { detached: true, stdio: "ignore" })
  child.on("error", (error) => note(`Cannot open a browser: ${error.message}`))
  child.on("exit", (status) => {
    if (status) note(`Cannot open a browser: ${command} ended with ${status}`)
  })
  child.unref()
}
