import type { DesktopBridge } from '../gateway/contract/desktop.ts'

declare global {
  interface Window {
    /** Put there by the preload script; absent when the page is opened in a plain browser. */
    readonly spillway?: DesktopBridge
  }
}

/** The only way out of this page. */
export const bridge: DesktopBridge | undefined = window.spillway
