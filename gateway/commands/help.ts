import { VERSION } from '../version.ts'

/** One command, as help shows it. */
interface CommandHelp {
  readonly summary: string
  /** What may follow the name; several lines for several forms. */
  readonly forms: readonly string[]
}

const HELP: ReadonlyMap<string, CommandHelp> = new Map([
  ['serve', { summary: 'serve, headless', forms: ['[--config FILE] [--port N]'] }],
  ['check', { summary: 'read a configuration and list every finding', forms: ['FILE [--json]', '--reference'] }],
  ['import', { summary: 'print a LiteLLM config.yaml as spillway.yaml', forms: ['FILE'] }],
  [
    'explain',
    {
      summary: 'print the plan for a request',
      forms: ['[--config FILE] [--json] MODEL', '[--config FILE] [--json] request.json'],
    },
  ],
  [
    'logs',
    {
      summary: 'show the requests',
      forms: [
        '[--follow] [--json] [--limit N] [--app NAME] [--model NAME] [--target ID] [--text TEXT]',
        '[--status 4xx|429|ok|error|truncated|cancelled]',
      ],
    },
  ],
  ['keys', { summary: 'make, list and revoke app keys', forms: ['create NAME', 'list', 'revoke NAME'] }],
  ['doctor', { summary: 'what is here, what is missing, what to do', forms: ['[--config FILE]'] }],
  ['demo', { summary: 'a scripted runner and a scripted cloud, to see it move', forms: [''] }],
])

/** Every command in a line. */
export function overview(): string {
  const width = Math.max(...[...HELP.keys()].map((name) => name.length))
  const lines = [...HELP].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    `Spillway ${VERSION}: one local URL for every model you have.`,
    '',
    'Usage: spillway COMMAND',
    '',
    ...lines,
    '',
    'Every command takes --data-dir DIR, and --help to show what else it takes.',
  ].join('\n')
}

/** One command in full; undefined where there is none of this name. */
export function helpOf(name: string): string | undefined {
  const help = HELP.get(name)
  if (help === undefined) return undefined
  const usage = help.forms.map((form, index) => {
    const start = index === 0 ? 'Usage:' : '      '
    return `${start} spillway ${name} ${form}`.trimEnd()
  })
  return [...usage, '', `${help.summary[0]?.toUpperCase() ?? ''}${help.summary.slice(1)}.`].join('\n')
}

/** The names of all commands. */
export function commandNames(): Iterable<string> {
  return HELP.keys()
}
