// What all pages have: the head, the skip link, the way back.

import { type Html, html } from "./html.js"

/** What surrounds a page. */
export interface Frame {
  /** What the page is of, such as `ohmq relay`. */
  readonly service: string
  /** The form token of somebody who is logged in, and can log out. */
  readonly logout?: string | undefined
}

/** Who asks. */
export interface Visitor {
  /** What all pages have. */
  readonly frame: Frame
  /** What a form has to send back. */
  readonly formToken: string
  /** Whose token was given. Undefined if it was nobody's own. */
  readonly person: string | undefined
}

/** A page. */
export interface Page {
  /** What it is about. */
  readonly title: string
  /** Whether it changes while it is open. */
  readonly isLive?: boolean
  /** See `shapeOf`. */
  readonly shape?: string
  readonly content: Html
}

/** A field of a form that nobody sees. */
export const hidden = (name: string, value: string | number): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`

/** The whole page. */
export function layout({ service, logout }: Frame, { title, isLive = false, shape, content }: Page): string {
  const live = isLive
    ? html`<link rel="stylesheet" href="/status/uplot.css">
<script type="module" src="/status/status.js"></script>`
    : ""
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${service}</title>
<link rel="icon" href="/status/icon.svg">
<link rel="stylesheet" href="/status/status.css">
${live}
</head>
<body${shape !== undefined && html` data-shape="${shape}"`}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><a class="home" href="/">${service}</a>${
    logout !== undefined &&
    html`<form method="post" action="/status/logout">${hidden("form", logout)}<button>Log out</button></form>`
  }</header>
<main id="main" tabindex="-1">
${content}
</main>
</body>
</html>
`.text
}

/** A page with a message. */
export const messagePage = (frame: Frame, title: string, message: string): string =>
  layout(frame, {
    title,
    content: html`<h1>${title}</h1>\n<p>${message}</p>\n<p><a href="/">To the status page</a></p>`,
  })

/** The page that asks for the token. */
export const loginPage = ({ service }: Frame, problem: string | undefined): string =>
  layout(
    { service },
    {
      title: "Log in",
      content: html`<h1>Log in</h1>
<form class="login" method="post" action="/status/login">
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<label for="token">Token of this page</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button class="main">Log in</button>
<p class="note">The token is what <code>http.token</code> in the configuration refers to, or your own of <code>http.people</code>.</p>
</form>`,
    },
  )
