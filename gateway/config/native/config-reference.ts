import { sections } from './sections.ts'

/** Markdown that documents every key of `spillway.yaml`, made from the tables that read it. */
export function configReference(): string {
  return sections.map(([path, keys]) => section(path, keys)).join('\n\n') + '\n'
}

function section(path: string, keys: (typeof sections)[number][1]): string {
  const rows = Object.entries(keys).map(([name, { shape, doc }]) => `| \`${name}\` | ${shape} | ${doc} |`)
  const title = path === '' ? '### Top level' : `### \`${path}\``
  return [title, '', '| key | value | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
