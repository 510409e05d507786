import { framingRule, headerCountRule, hostRule, peerRule, targetRule, versionRule } from './connection-rules.ts'
import { originRule } from './origin-rule.ts'
import type { Refusal } from './refusal.ts'
import {
  bodySizeRule,
  contentEncodingRule,
  contentTypeRule,
  credentialRule,
  keyInUrlRule,
  methodRule,
  routeRule,
} from './request-rules.ts'
import type { GuardPolicy, Inbound, Rule } from './rule.ts'

/**
 * May this caller knock? In this order: who is there, is it a sound request, is it for us, does a page send it,
 * is it for something that we serve, is its body one that we read. The key is looked up only after all of this.
 */
export const guardRules: readonly Rule[] = [
  peerRule,
  versionRule,
  headerCountRule,
  targetRule,
  hostRule,
  framingRule,
  originRule,
  keyInUrlRule,
  methodRule,
  routeRule,
  credentialRule,
  contentTypeRule,
  contentEncodingRule,
  bodySizeRule,
]

/** The first rule's refusal, or undefined when the request may go on. */
export function inspectRequest(
  inbound: Inbound,
  policy: GuardPolicy,
  rules: readonly Rule[] = guardRules,
): Refusal | undefined {
  for (const rule of rules) {
    const refusal = rule.check(inbound, policy)
    if (refusal !== undefined) return refusal
  }
  return undefined
}
