// What is built in, and where it comes from. Versions and hashes are scripts/pins.json: a new release of libzmq or libsodium
// is one line there.

import { inProject, readJson } from "./project.mjs"

const { zig, ...libraries } = readJson(inProject("scripts/pins.json"))

const sources = {
  libzmq: {
    url: "https://github.com/zeromq/libzmq/releases/download/v{version}/zeromq-{version}.tar.gz",
    debian: "zeromq3",
  },
  // libzmq calls only crypto_box, crypto_secretbox, crypto_scalarmult_base and randombytes, and nothing else is exported. So
  // CVE-2025-69277 (in crypto_core_ed25519_is_valid_point, up to 1.0.20) matters to no build, not even one with a distribution's 1.0.18.
  libsodium: {
    url: "https://download.libsodium.org/libsodium/releases/libsodium-{version}.tar.gz",
    debian: "libsodium",
  },
}

/**
 * libzmq and libsodium: `{version, sha256, url, debian, suite}` of each; `debian` is the name of the source package, `suite` the
 * release of Debian that has this version of it, if one does.
 */
export const pins = Object.fromEntries(
  Object.entries(sources).map(([name, source]) => {
    const pin = { ...source, ...libraries[name] }
    return [name, { ...pin, url: pin.url.replaceAll("{version}", pin.version) }]
  }),
)

/** The cross compiler of the prebuilt addons. */
export const toolchain = zig
