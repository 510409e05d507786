/** The oldest release that every package runs on, as `major.minor`; SQLite's binding crashes on older ones instead of failing. */
export const OLDEST_NODE = '22.19'

/** What to tell somebody whose Node is too old; undefined where it is not. `version` as in `process.versions.node`. */
export function nodeProblem(version: string): string | undefined {
  if (!isOlder(version, OLDEST_NODE)) return undefined
  return `Spillway needs Node ${OLDEST_NODE} or later, and this is ${version}. In its folder, "npm start -- COMMAND" brings a newer one.`
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number)
  return major < thanMajor || (major === thanMajor && minor < thanMinor)
}
