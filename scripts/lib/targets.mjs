// The platforms that have a prebuilt addon, and how each is named by zig and by Node.

/** No addon is larger, in bytes. */
export const maximumSize = 2_500_000

/** Those for Linux, which are cross-compiled. */
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

/** The others, which are compiled on runners of their own systems. */
export const nativeTargets = ["darwin-x64", "darwin-arm64", "win32-x64", "win32-arm64"].map((name) => {
  const [platform, arch] = name.split("-")
  const addon = `prebuilds/${name}/ohmq.node`
  return { name, platform, arch, addon, sbom: addon.replace(/node$/, "cdx.json") }
})
