/** What is left of a command's arguments once `--data-dir` is taken out of them. */
export interface TakenDataDir {
  /** Undefined: none was named. */
  readonly dataDir: string | undefined
  readonly rest: readonly string[]
}

/** Takes `--data-dir DIR` or `--data-dir=DIR`, which every command has, or says what is wrong with it. */
export function takeDataDir(args: readonly string[]): TakenDataDir | string {
  const at = args.findIndex((arg) => arg === '--data-dir' || arg.startsWith('--data-dir='))
  if (at < 0) return { dataDir: undefined, rest: args }
  const flag = args[at] ?? ''
  const isInline = flag.includes('=')
  const dataDir = isInline ? flag.slice('--data-dir='.length) : (args[at + 1] ?? '')
  // Without this a forgotten folder would silently be the usual one, and somebody's keys would be changed there.
  if (dataDir === '' || (!isInline && dataDir.startsWith('--'))) return '--data-dir needs a folder: --data-dir DIR'
  return { dataDir, rest: args.toSpliced(at, isInline ? 1 : 2) }
}
