/** The words of texts, for tables of names that would fill a page as lists. */
export function words(...texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split(' '))
}
