// A part of the page that has pages and forms of its own.

import { answer, type SiteAnswer } from "./answers.js"
import { type Frame, messagePage, type Visitor } from "./pages/layout.js"

/** A part of the page. */
export interface Section {
  /** Whether a path is one of its pages. */
  owns(path: string): boolean
  get(path: string, query: URLSearchParams, visitor: Visitor): Promise<SiteAnswer>
  /** A form that a page of this program has sent. */
  post(path: string, fields: URLSearchParams, visitor: Visitor): Promise<SiteAnswer>
}

/** Says why something cannot be done. */
export const refusal = (frame: Frame, status: number, title: string, message: string): SiteAnswer =>
  answer(status, messagePage(frame, title, message))

/** The answer where there is no page. */
export const nothingHere = (frame: Frame): SiteAnswer =>
  refusal(frame, 404, "Nothing is here", "There is no such page.")
