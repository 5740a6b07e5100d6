// The numbers that JavaScript and the addon must agree on. scripts/interface.mjs writes them to native/interface.h. Raise INTERFACE with each
// change.

/** How libzmq wants the bytes of an option. */
export enum WireType {
  /** An int that is 0 or 1. */
  Bool,
  Int32,
  /** An int that JavaScript reads without a sign. */
  Uint32,
  Int64,
  Uint64,
  /** Text; null if there is none. */
  String,
  /** A Buffer when read, text or bytes when written; null if there are none. */
  Bytes,
  /** 32 bytes, or 40 characters of Z85. */
  CurveKey,
}

/** Flags of a part that is sent. */
export enum SendFlags {
  None = 0,
  /** Another part of the same message follows. */
  More = 1,
  /** libzmq may read the bytes where they are, after the call, if there are many. */
  MayReference = 2,
}

/** What a message of a draft socket has besides its one part. */
export enum Tag {
  /** Four bytes, the lowest first. */
  RoutingId,
  Group,
}

/** The commands for a running proxy. */
export enum ProxyCommand {
  Pause,
  Resume,
  Terminate,
}

/** The copy limit, in bytes. Smaller parts are copied, both ways. Larger frames are received without a copy. */
export const COPY_LIMIT = 1024

/** An entry of the shared frame array: the length of a frame, shifted by FRAME_SHIFT, and these. */
export enum FrameFlags {
  /** Another frame of the same message follows. */
  More = 1,
  /** Only of received frames: the bytes are not in the shared memory. takeLarge() gets them. */
  Large = 2,
}

export const FRAME_SHIFT = 2

/** Received frames begin at multiples of this. Sent ones lie back to back. */
export const FRAME_ALIGNMENT = 8
