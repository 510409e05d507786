import { contextBridge, ipcRenderer } from 'electron'
import type { DesktopBridge } from '../gateway/contract/desktop.ts'

/** The bridge as the page sees it: three functions, and no way to name a channel. */
const bridge: DesktopBridge = {
  status: () => ipcRenderer.invoke('spillway:status'),
  recentRequests: (limit) => ipcRenderer.invoke('spillway:recentRequests', limit),
  copyBaseUrl: () => ipcRenderer.invoke('spillway:copyBaseUrl'),
}

contextBridge.exposeInMainWorld('spillway', bridge)
