// The pinned libraries and where to download them. scripts/pins.json has the versions and hashes: to take a new release of libzmq or
// libsodium, change one line there.

import { inProject, readJson } from "./project.mjs"

const { zig, ...libraries } = readJson(inProject("scripts/pins.json"))

const sources = {
  libzmq: {
    url: "https://github.com/zeromq/libzmq/releases/download/v{version}/zeromq-{version}.tar.gz",
    debian: "zeromq3",
  },
  // libzmq calls only crypto_box, crypto_secretbox, crypto_scalarmult_base and randombytes, and the addon exports none of libsodium. So
  // CVE-2025-69277 (in crypto_core_ed25519_is_valid_point, up to 1.0.20) affects no build, not even one with a distribution's 1.0.18.
  libsodium: {
    url: "https://download.libsodium.org/libsodium/releases/libsodium-{version}.tar.gz",
    debian: "libsodium",
  },
}

/**
 * `{version, sha256, url, debian, suite}` for libzmq and libsodium. `debian` is the name of the source package, `suite` the Debian release
 * with this version, if any.
 */
export const pins = Object.fromEntries(
  Object.entries(sources).map(([name, source]) => {
    const pin = { ...source, ...libraries[name] }
    return [name, { ...pin, url: pin.url.replaceAll("{version}", pin.version) }]
  }),
)

/** The cross compiler of the prebuilt addons. */
export const toolchain = zig
