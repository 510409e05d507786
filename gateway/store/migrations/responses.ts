import type { Migration } from './migration.ts'
import { responses0001Responses } from './responses-0001-responses.ts'

/** The schema of `responses.db`, in order. */
export const responsesMigrations: readonly Migration[] = [responses0001Responses]
