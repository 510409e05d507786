import { limits } from '../contract/limits.ts'
import { parseYaml } from './parse-yaml.ts'
import { type FileText, type ReadFile, readProblem } from './read-file.ts'
import type { Report } from './report.ts'
import type { Place, SourceNode } from './source-node.ts'

/** Reads the files of one configuration, and remembers which were wanted and what they held. */
export interface SourceLoader {
  /** @param from where the file is named; undefined for the file that the user named. */
  load(path: string, from?: Place): SourceNode | undefined
  /** Every file that was asked for, also those that do not exist (yet): what to watch. */
  readonly files: readonly string[]
  /** The texts that were read, by path. */
  readonly texts: Readonly<Record<string, string>>
}

export function createSourceLoader(readFile: ReadFile, report: Report): SourceLoader {
  const files: string[] = []
  const texts: Record<string, string> = {}
  return {
    files,
    texts,
    load: (path, from) => {
      files.push(path)
      const read = bounded(readFile(path))
      if ('problem' in read) {
        const message = from === undefined ? readProblem(read.problem) : `${readProblem(read.problem)} (${path})`
        report.error(from ?? { file: path, line: 1, column: 1 }, { code: 'unreadable-file', message })
        return undefined
      }
      texts[path] = read.text
      return parseYaml(read.text, path, report)
    },
  }
}

function bounded(read: FileText): FileText {
  const isTooLarge = 'text' in read && Buffer.byteLength(read.text) > limits.configFileBytes
  return isTooLarge ? { problem: 'too-large' } : read
}
