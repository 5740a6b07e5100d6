// The platforms with a prebuilt addon, and their names for zig and for Node.

/** The largest size of an addon, in bytes. */
export const maximumSize = 2_500_000

/** The targets for Linux, which are cross-compiled. */
export const targets = [
  { name: "linux-x64-glibc", zig: "x86_64-linux-gnu.2.17", glibc: "2.17", machine: "Advanced Micro Devices X86-64" },
  { name: "linux-arm64-glibc", zig: "aarch64-linux-gnu.2.17", glibc: "2.17", machine: "AArch64" },
  { name: "linux-x64-musl", zig: "x86_64-linux-musl", machine: "Advanced Micro Devices X86-64" },
  { name: "linux-arm64-musl", zig: "aarch64-linux-musl", machine: "AArch64" },
].map((target) => {
  const [platform, arch, libc] = target.name.split("-")
  const addon = `prebuilds/${platform}-${arch}/ohmq.${libc}.node`
  return { ...target, platform, arch, libc, addon, sbom: addon.replace(/node$/, "cdx.json") }
})

/** The other targets, each of which is compiled on its own platform. */
export const nativeTargets = ["darwin-x64", "darwin-arm64", "win32-x64", "win32-arm64"].map((name) => {
  const [platform, arch] = name.split("-")
  const addon = `prebuilds/${name}/ohmq.node`
  return { name, platform, arch, addon, sbom: addon.replace(/node$/, "cdx.json") }
})
