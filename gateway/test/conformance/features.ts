/** The columns of the table. */
export const FEATURES = [
  'text',
  'reasoning',
  'tools',
  'parallel tools',
  'images in request',
  'structured output',
  'usage',
  'cache usage',
  'finish',
  'errors',
  'stream errors',
] as const
export type Feature = (typeof FEATURES)[number]
