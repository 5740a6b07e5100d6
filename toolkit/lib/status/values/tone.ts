// How good a state is: the colour of its text.

export type Tone = "good" | "warn" | "bad" | "idle"
