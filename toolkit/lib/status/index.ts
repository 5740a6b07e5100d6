// The status page: what a relay does, for people.

export { type SiteAnswer, type SiteRequest, StatusSite } from "./site.js"
export type { LetterView, LinkView, SinkView, Snapshot, SourceView, Subject } from "./view.js"
