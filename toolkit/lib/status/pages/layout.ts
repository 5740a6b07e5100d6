// What all pages have: the head, the skip link, the way back.

import { type Html, html } from "./html.js"

/** A page. */
export interface Layout {
  readonly title: string
  /** Whether somebody is logged in, who can log out. */
  readonly formToken?: string | undefined
  /** Whether the page changes while it is open. */
  readonly isLive?: boolean
  /** See `shapeOf`. */
  readonly shape?: string
  readonly content: Html
}

/** The whole page. */
export function layout({ title, formToken, isLive = false, shape, content }: Layout): string {
  const live = isLive
    ? html`<link rel="stylesheet" href="/status/uplot.css">
<script type="module" src="/status/status.js"></script>`
    : ""
  const logout =
    formToken !== undefined &&
    html`<form method="post" action="/status/logout"><input type="hidden" name="form" value="${formToken}"><button>Log out</button></form>`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/status/icon.svg">
<link rel="stylesheet" href="/status/status.css">
${live}
</head>
<body${shape !== undefined && html` data-shape="${shape}"`}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><a class="home" href="/">ohmq relay</a>${logout}</header>
<main id="main" tabindex="-1">
${content}
</main>
</body>
</html>
`.text
}

/** A page with a message. */
export const messagePage = (title: string, message: string): string =>
  layout({ title, content: html`<h1>${title}</h1>\n<p>${message}</p>\n<p><a href="/">To the status page</a></p>` })

/** The page that asks for the token. */
export const loginPage = (problem: string | undefined): string =>
  layout({
    title: "Log in · ohmq relay",
    content: html`<h1>Log in</h1>
<form class="login" method="post" action="/status/login">
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
<label for="token">Token of this relay</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button class="main">Log in</button>
<p class="note">The token is what <code>http.token</code> in the relay's configuration refers to.</p>
</form>`,
  })
