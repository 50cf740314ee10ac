import { createRoot } from 'react-dom/client'

import { takeKeyFromAddress } from './api/session'
import { App } from './app/app'
import { applyTheme } from './app/theme'
import './styles/index.css'

takeKeyFromAddress()
applyTheme()
const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
