import { logs0001Requests } from './logs-0001-requests.ts'
import { logs0002Conversions } from './logs-0002-conversions.ts'
import type { Migration } from './migration.ts'

/** The schema of `logs.db`, in order. */
export const logsMigrations: readonly Migration[] = [logs0001Requests, logs0002Conversions]
