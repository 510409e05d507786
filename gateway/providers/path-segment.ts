/**
 * A model's name as one segment of a path, whatever a client has put into it: it can neither leave its place (`../`) nor
 * begin a query. A name of nothing but dots, which encoding leaves as it is, is encoded twice.
 */
export function pathSegment(name: string): string {
  const whole = name.toWellFormed()
  return encodeURIComponent(/^\.+$/.test(whole) ? whole.replaceAll('.', '%2E') : whole)
}

/** The same for Google, whose versions stand behind an `@` that its own libraries leave as it is. */
export function googlePathSegment(name: string): string {
  return pathSegment(name).replaceAll('%40', '@')
}
