/** SQLite's binding crashes on older ones instead of failing. */
export const OLDEST_NODE_MAJOR = 22

/** What to tell somebody whose Node is too old; undefined where it is not. `version` as in `process.versions.node`. */
export function nodeProblem(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= OLDEST_NODE_MAJOR) return undefined
  return `Spillway needs Node ${OLDEST_NODE_MAJOR} or later, and this is ${version}. In its folder, "npm start -- COMMAND" brings a newer one.`
}
