// Fields by which messages name their sender.

const claims = new Set(["from", "sender", "user", "userid", "username", "role", "identity"])

/** Whether a field of a message says who sent it, or what they may do: whoever writes the message chooses that. */
export const isClaim = (field: string): boolean => claims.has(field.toLowerCase())
