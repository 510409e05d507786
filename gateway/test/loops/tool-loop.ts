/** Where a client finds the gateway, and what it asks for. */
export interface Place {
  /** `http://127.0.0.1:N`, without `/v1`. */
  readonly url: string
  readonly key: string
  readonly model: string
}

/** What a client had in hand when its loop was over. */
export interface Outcome {
  readonly text: string
  /** Names with which the tool was run. */
  readonly ran: readonly string[]
}

/** One official client, with its own idea of how to run tools until there is an answer. */
export interface ToolLoop {
  readonly client: string
  run(place: Place): Promise<Outcome>
}

export const QUESTION = 'What does the note called harbour say?'
export const NOTE = { name: 'harbour' }
export const TOOL_NAME = 'read_note'
export const TOOL_DESCRIPTION = 'Reads a note by its name'
export const TOOL_SCHEMA = {
  type: 'object' as const,
  properties: { name: { type: 'string' as const } },
  required: ['name'],
  additionalProperties: false as const,
}
/** No turn of these loops needs more. */
export const MOST_TURNS = 4

/** The tool of every loop; what it says is nowhere but in its result. */
export function createNotes(): { readonly ran: string[]; read(name: unknown): string } {
  const ran: string[] = []
  return {
    ran,
    read: (name) => {
      ran.push(String(name))
      return `the tide of ${String(name)} turns at 5:40`
    },
  }
}

/** What the note says, as the final answer must repeat it. */
export const NOTE_TEXT = 'the tide of harbour turns at 5:40'

/** The arguments of a call, as every client but the typed ones has to parse them. */
export function nameIn(argumentsJson: string): unknown {
  const parsed: unknown = JSON.parse(argumentsJson)
  return typeof parsed === 'object' && parsed !== null && 'name' in parsed ? parsed.name : undefined
}
