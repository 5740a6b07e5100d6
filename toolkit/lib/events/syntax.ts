// The syntax of attribute values. Strings come from outside and may be long, so no pattern here backtracks or recurses over them.

/** Characters that CloudEvents forbids in strings: controls, lone surrogates and noncharacters. */
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
const unusual = /[^ -~]/

/** Whether CloudEvents allows the text as a String. */
export const isString = (text: string): boolean => !unusual.test(text) || !forbidden.test(text)

const badInName = /[^a-z0-9]/

/** Whether the text can name an attribute. */
export const isName = (text: string): boolean => text.length > 0 && !badInName.test(text)

const badInUri = /[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})/
const badInScheme = /[^A-Za-z0-9+.-]/
const badInLiteral = /[^0-9A-Za-z:.\-_~!$&'()*+,;=]/

/** Whether RFC 3986, section 3.2, allows the text as an authority: a host, with a user before it and a port after it. */
function isAuthority(text: string): boolean {
  const at = text.lastIndexOf("@")
  const host = text.slice(at + 1)
  if (at > 0 && /[@[\]]/.test(text.slice(0, at))) return false
  const end = host.startsWith("[") ? host.indexOf("]") : 0
  if (end < 0 || (end > 0 && (end === 1 || badInLiteral.test(host.slice(1, end))))) return false
  const rest = end > 0 ? host.slice(end + 1) : host
  const colon = rest.indexOf(":")
  if (end > 0 && rest !== "" && colon !== 0) return false
  return !/[[\]]/.test(rest) && (colon < 0 || !/[^0-9]/.test(rest.slice(colon + 1)))
}

/** What nearly all sources look like. It is only tried on short text. */
const plainUri = /^[a-z]+:(?:\/\/[a-z0-9.-]+(?::\d+)?)?(?:\/[A-Za-z0-9\-._~/]*)?$/

/** Whether the text is a URI reference (RFC 3986, section 4.1), or with `absolute` a URI, which has a scheme. */
export function isUri(text: string, absolute: boolean): boolean {
  if (text.length <= 200 && plainUri.test(text)) return true
  if (text === "" || badInUri.test(text)) return false
  const hash = text.indexOf("#")
  if (hash >= 0 && text.indexOf("#", hash + 1) >= 0) return false
  const end = text.search(/[/?#]/)
  const first = end < 0 ? text : text.slice(0, end)
  const colon = first.indexOf(":")
  // Without a scheme, the first segment has no colon (path-noscheme), and a scheme begins with a letter.
  if (colon < 0 ? absolute : !/^[A-Za-z]/.test(first) || badInScheme.test(first.slice(0, colon))) return false
  const rest = text.slice(colon + 1)
  if (!rest.startsWith("//")) return !/[[\]]/.test(rest)
  const path = rest.slice(2).search(/[/?#]/)
  const authority = path < 0 ? rest.slice(2) : rest.slice(2, path + 2)
  return isAuthority(authority) && !/[[\]]/.test(rest.slice(2 + authority.length))
}

const timestamp = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,30})?(?:[Zz]|[+-]\d\d:\d\d)$/

/** The number of two digits. */
const two = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48

/** Whether the text is a time of RFC 3339, section 5.6, on a day that exists. A second 60 is a leap second. */
export function isTime(text: string): boolean {
  if (text.length > 64 || !timestamp.test(text)) return false
  const month = two(text, 5)
  const day = two(text, 8)
  if (month < 1 || month > 12 || day < 1 || two(text, 11) > 23 || two(text, 14) > 59 || two(text, 17) > 60) return false
  if (day > 28 && day > daysIn(two(text, 0) * 100 + two(text, 2), month)) return false
  const zone = text.length - 5
  return text.charCodeAt(text.length - 1) > 57 || (two(text, zone) <= 23 && two(text, zone + 3) <= 59)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const parameter = `;[ \\t]*${token}=(?:${token}|"(?:[^"\\\\]|\\\\.)*")`
const mediaType = new RegExp(`^${token}/${token}(?:[ \\t]*${parameter})*$`)

/** Whether the text is a media type with parameters (RFC 2045, section 5.1), of at most 1,000 characters. */
export const isMediaType = (text: string): boolean => text.length <= 1000 && mediaType.test(text)

/** Whether data of this content type is JSON: `application/json`, or any subtype that is `json` or ends in `+json`. */
export function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === "application/json") return true
  const end = contentType.indexOf(";")
  return /[/+]json$/i.test((end < 0 ? contentType : contentType.slice(0, end)).trimEnd())
}
