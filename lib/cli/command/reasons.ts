// Errors of the system in words.

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "it is not a folder",
}

/** Why something failed. Keeps the message of an error that is not the system's own. */
export function systemReason(error: unknown): string {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  return (syscall !== undefined && code !== undefined && reasons[code]) || message
}
