import type { ReactElement } from 'react'
import { createRoot } from 'react-dom/client'
import { bridge } from './api.ts'
import { createPage } from './page.tsx'

const root = document.getElementById('root')
if (root !== null) {
  const Page = bridge === undefined ? NoBridge : createPage(bridge)
  createRoot(root).render(<Page />)
}

function NoBridge(): ReactElement {
  return <p role="alert">This page is part of the Spillway app: open it from the tray.</p>
}
