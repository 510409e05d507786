import type { ParamRules } from '../contract/route.ts'
import { bareTarget } from '../routing/bare-target.ts'

/** Rules that change nothing. */
export const plainParams: ParamRules = {
  defaults: {},
  dropUnsupported: false,
  drop: [],
  allow: [],
  extraHeaders: {},
  extraBody: {},
  mergeReasoning: false,
  lane: 'auto',
}

/** What the suites' targets have in common: nothing is configured. */
export const plainTarget = { ...bareTarget, params: plainParams }
