import { PIXEL, SCHEMA_FIELD, type Ask } from './ask.ts'
import { isPrompt, type Case } from './cases.ts'
import type { Recording } from './corpus.ts'
import { expressible, type Limit } from './expressible.ts'
import type { Feature } from './features.ts'
import { at, textAt } from './loose.ts'
import type { Meaning, Outcome, Raised } from './meaning.ts'
import type { Replay } from './replay.ts'

/** What was measured in one case. */
export interface Verdict {
  /** Whether each feature that the recording has came through. */
  readonly features: ReadonlyMap<Feature, boolean>
  /** What the dialect has no words for. */
  readonly limits: readonly Limit[]
  /** What went wrong, for people. */
  readonly problems: readonly string[]
}

export function judge(one: Case, expected: Outcome, seen: Outcome, asked: Replay['asked']): Verdict {
  const verdict =
    'raised' in expected ? judgeError(one, expected.raised, seen) : judgeAnswer(one, expected.answer, seen)
  const wrongPath = pathProblem(one.recording, asked)
  const features = new Map(verdict.features)
  const problems = [...verdict.problems]
  if (wrongPath !== undefined) problems.push(wrongPath)
  for (const [feature, sent] of requestFeatures(one, asked?.body ?? '')) {
    features.set(feature, sent)
    if (!sent) problems.push(`${feature}: the upstream was not sent it`)
  }
  if (wrongPath !== undefined) for (const feature of features.keys()) features.set(feature, false)
  return { ...verdict, features, problems }
}

const FIELDS: Readonly<Record<keyof Meaning, Feature>> = {
  text: 'text',
  others: 'text',
  reasoning: 'reasoning',
  refusal: 'text',
  tools: 'tools',
  finish: 'finish',
  usage: 'usage',
}
const FIELD_NAMES = ['text', 'others', 'refusal', 'reasoning', 'tools', 'finish', 'usage'] as const

function judgeAnswer({ dialect, isVerbatim }: Case, expected: Meaning, seen: Outcome): Verdict {
  const { told, limits } = expressible(expected, dialect)
  const answer = 'answer' in seen ? seen.answer : undefined
  const features = new Map<Feature, boolean>()
  const problems: string[] = 'raised' in seen ? [`raised ${short(seen.raised.text)}`] : []
  const note = (feature: Feature, isSame: boolean): void => {
    features.set(feature, isSame && features.get(feature) !== false)
  }
  for (const field of FIELD_NAMES) {
    const want = told[field]
    if (want === undefined) {
      // Nobody's to compare; but a translated answer always has usage, counted here where its upstream tells none.
      const isMissing = field === 'usage' && !isVerbatim && answer !== undefined && answer.usage === undefined
      if (isMissing) problems.push('usage: there is none')
      continue
    }
    const got = answer?.[field]
    const isSame = JSON.stringify(got) === JSON.stringify(want)
    if (!isSame && answer !== undefined) problems.push(`${field}: ${short(got)} instead of ${short(want)}`)
    if (!isEmpty(want)) note(FIELDS[field], isSame)
    if (field === 'tools' && told.tools.length > 1) note('parallel tools', isSame)
    if (field === 'usage' && (expected.usage?.cacheRead ?? 0) > 0) note('cache usage', isSame)
  }
  for (const { feature } of limits) features.delete(feature)
  return { features, limits, problems }
}

function isEmpty(value: unknown): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0)
}

function judgeError({ recording }: Case, expected: Raised, seen: Outcome): Verdict {
  const feature: Feature = recording.status >= 400 ? 'errors' : 'stream errors'
  const problems = errorProblems(recording, expected, seen)
  return { features: new Map([[feature, problems.length === 0]]), limits: [], problems }
}

function errorProblems(recording: Recording, expected: Raised, seen: Outcome): readonly string[] {
  if ('answer' in seen) return [`taken for success: ${short(seen.answer)}`]
  const { status, text } = seen.raised
  const problems: string[] = []
  const sentence = sentenceOf(recording, expected)
  if (!squeezed(text).includes(squeezed(sentence).slice(0, 120))) {
    problems.push(`says ${short(text)} instead of ${short(sentence)}`)
  }
  if (recording.status < 400) return problems
  const family = status === undefined ? 'none' : familyOf(status, '')
  const wanted = familyOf(recording.status, text)
  if (family !== wanted)
    problems.push(`is of the class ${family} (${status}) instead of ${wanted} (${recording.status})`)
  return problems
}

/** Classes that programs tell apart: come again later, do not come again, something is broken behind the gateway. */
function familyOf(status: number, text: string): 'later' | 'refused' | 'broken' {
  if (status === 503 || status === 529) return 'later'
  // A timeout and a failed dependency of the upstream's are no mistake of the client's.
  if (status >= 500 || status === 408 || status === 424) return 'broken'
  // Our key is wrong, not the client's.
  if (status === 401 || status === 403 || /API key not valid|API_KEY_INVALID/.test(text)) return 'broken'
  return status === 429 || status === 402 ? 'later' : 'refused'
}

/** The words of the upstream: from its bytes where they are JSON, else as its library raised them. */
function sentenceOf({ framing, body }: Recording, { message }: Raised): string {
  const text = body.toString('utf8')
  // Google ends a stream with an error between the events, of which its library only says that it is none.
  const whole = framing === 'json' ? text : text.slice(text.lastIndexOf('\n{\n') + 1)
  const json: unknown = JSON.parse(isJson(whole) ? whole : '{}')
  const error = Array.isArray(json) ? at(json, 0) : json
  const found = SENTENCES.map((path) => textAt(error, ...path)).find((sentence) => sentence !== '')
  if (found !== undefined) return found
  const raised = message.replace(/^\d{3} /, '')
  return isJson(raised) ? textAt(JSON.parse(raised), 'error', 'message') || raised : raised
}

/** Where providers put the sentence of an error. */
const SENTENCES: readonly (readonly (string | number)[])[] = [
  ['error', 'message'],
  ['error'],
  ['message'],
  ['Message'],
  ['detail'],
  ['detail', 0, 'msg'],
]

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

function squeezed(text: string): string {
  return text.replaceAll(/\\n|[\s\\]+/g, '')
}

function short(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')).slice(0, 200)
}

/** Whether what the recording was asked with went out again. */
function requestFeatures(one: Case, body: string): readonly (readonly [Feature, boolean])[] {
  const { tags } = one.recording
  const features: (readonly [Feature, boolean])[] = []
  if (isPrompt(one.recording)) return features
  if (tags.has('image_in')) features.push(['images in request', body.includes(PIXEL)])
  if (tags.has('json_schema')) features.push(['structured output', body.includes(SCHEMA_FIELD)])
  else if (tags.has('json_object') && one.dialect !== 'messages') {
    features.push(['structured output', /json/i.test(body.replaceAll(/"(?:model|content)":"[^"]*"/g, ''))])
  }
  return features
}

/** What a client asks with, so that the recording can be its answer. */
export function askFor({ recording }: Case, expected: Outcome, model: string): Ask {
  const tools = 'answer' in expected ? expected.answer.tools.map(({ name }) => name) : []
  const { tags, stream } = recording
  const format = tags.has('json_schema') ? 'schema' : tags.has('json_object') ? 'json' : 'text'
  return { model, stream, tools: [...new Set(tools)], image: tags.has('image_in'), format }
}

/** The product must have asked what was recorded: same route, same model, same version. */
function pathProblem(recording: Recording, asked: Replay['asked']): string | undefined {
  // Its native route is never asked, but its errors are those of every other.
  if (recording.api === 'tgi-generate') return undefined
  if (asked === undefined) return 'the upstream was not asked'
  const [seen, wanted] = [asked.path, recording.path].map((path) =>
    decodeURIComponent(recording.provider === 'azure' ? path : (path.split('?')[0] ?? '')),
  )
  return seen === wanted ? undefined : `asked ${seen} instead of ${wanted}`
}
