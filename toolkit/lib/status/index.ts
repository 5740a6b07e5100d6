// The status page: what a program of the toolkit does, for people.

export type { SiteAnswer, SiteRequest } from "./answers.js"
export { type SiteAccess, StatusSite } from "./site.js"
export type { ApprovalSubject, ApprovalView } from "./view/approvals.js"
export type { AuditEntryView, AuditSubject, AuditView } from "./view/audit.js"
export type { LetterSubject, LetterView, LinkView, RelayView, SinkView, SourceView } from "./view/relay.js"
export type { Snapshot, Subject } from "./view/subject.js"
export type { BatchView, QueueView, TaskQuery, TaskView, WorkerView, WorkSubject, WorkView } from "./view/work.js"
