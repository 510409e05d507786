/**
 * How a Gemini model is to be addressed, told from its name, because no API says it:
 * - `1` (Gemini 1.x and 2.0, Gemma up to 3, embedding models): does not think, so it is sent no thinking settings.
 * - `2.5`: thinks within a budget in tokens.
 * - `3` (Gemini 3 and everything that is not known to be older, such as `gemini-flash-latest`): thinks by level, checks
 *   signatures, and takes JSON output together with tools.
 */
export type GeminiGeneration = '1' | '2.5' | '3'

/** The generation of a model's name, with or without `models/` or a publisher before it. */
export function geminiGeneration(model: string): GeminiGeneration {
  if (/(?:^|\/)(?:gemma-[123]|learnlm|text-|embedding-)/.test(model)) return '1'
  const version = /gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1]
  // The robotics models count their own versions; they are made from 2.5.
  if (/gemini-robotics-er-1/.test(model)) return '2.5'
  const number = Number(version ?? Number.NaN)
  if (number < 2.5) return '1'
  return number < 3 ? '2.5' : '3'
}

/** Gemma up to 3 refuses a system instruction ("Developer instruction is not enabled"). */
export function takesSystemInstruction(model: string): boolean {
  return !/(?:^|\/)gemma-[123]/.test(model)
}
