/**
 * What the pages of the browser tests do. Not a module: it is run as a script of a page, which has a DOM and no types.
 */

/** Every way that a page has of reaching another address: what it could lay its hands on, by the way. */
globalThis.attackFromPage = ({ base, key }) => {
  const attempts = []
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'spend' }] })
  const attempt = (how, go) => {
    const timeout = new Promise((resolve) => setTimeout(resolve, 1_500))
    attempts.push(Promise.race([go().catch(() => undefined), timeout]).then((read) => ({ how, read })))
  }
  const readFetch = async (path, init) => {
    const response = await fetch(base + path, init)
    const text = await response.text()
    return response.type === 'opaque' && text === '' ? undefined : `${response.status} ${text}`
  }
  const auth = { authorization: `Bearer ${key}` }
  const json = { 'content-type': 'application/json' }
  for (const path of ['/', '/health', '/v1/models', '/model/info']) {
    attempt(`fetch ${path}`, () => readFetch(path, {}))
    attempt(`fetch ${path} with the key`, () => readFetch(path, { headers: auth }))
    attempt(`fetch ${path} without cors`, () => readFetch(path, { mode: 'no-cors' }))
    attempt(`fetch ${path} with credentials`, () => readFetch(path, { credentials: 'include' }))
  }
  const chat = '/v1/chat/completions'
  attempt('POST json', () => readFetch(chat, { method: 'POST', headers: json, body }))
  attempt('POST json with the key', () => readFetch(chat, { method: 'POST', headers: { ...json, ...auth }, body }))
  attempt('POST json with x-api-key', () =>
    readFetch(chat, { method: 'POST', headers: { ...json, 'x-api-key': key }, body }),
  )
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    attempt(`POST ${type} without cors`, () =>
      readFetch(chat, { method: 'POST', mode: 'no-cors', headers: { 'content-type': type }, body }),
    )
    attempt(`POST ${type}, the key in the URL`, () =>
      readFetch(`${chat}?api_key=${key}`, { method: 'POST', mode: 'no-cors', headers: { 'content-type': type }, body }),
    )
  }
  attempt('POST text/plain with the key', () =>
    readFetch(chat, { method: 'POST', headers: { 'content-type': 'text/plain', ...auth }, body }),
  )
  attempt('beacon', () => Promise.resolve(navigator.sendBeacon(base + chat, new Blob([body])) ? undefined : ''))
  attempt('XMLHttpRequest', () => {
    const { promise, resolve, reject } = Promise.withResolvers()
    const request = new XMLHttpRequest()
    request.addEventListener('load', () => resolve(request.responseText))
    request.addEventListener('error', reject)
    request.open('POST', base + chat)
    request.setRequestHeader('content-type', 'text/plain')
    request.send(body)
    return promise
  })
  attempt('WebSocket', () => {
    const { promise, resolve, reject } = Promise.withResolvers()
    const socket = new WebSocket(`${base.replace('http', 'ws')}/v1/realtime?api_key=${key}`)
    socket.addEventListener('open', () => resolve('open'))
    socket.addEventListener('error', reject)
    return promise
  })
  attempt('EventSource', () => {
    const { promise, resolve, reject } = Promise.withResolvers()
    const source = new EventSource(`${base}/v1/chat/completions`)
    source.addEventListener('open', () => resolve('open'))
    source.addEventListener('error', () => {
      source.close()
      reject(new Error('refused'))
    })
    return promise
  })
  for (const [tag, path] of [
    ['img', '/v1/models'],
    ['script', '/v1/models'],
    ['script', '/health'],
    ['link', '/'],
    ['video', '/health'],
  ]) {
    attempt(`<${tag}> of ${path}`, () => {
      const { promise, resolve, reject } = Promise.withResolvers()
      const element = document.createElement(tag)
      element.setAttribute(tag === 'link' ? 'href' : 'src', base + path)
      element.setAttribute('rel', 'stylesheet')
      element.addEventListener('load', () => resolve('loaded'))
      element.addEventListener('error', reject)
      document.body.append(element)
      return promise
    })
  }
  for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    attempt(`<form> ${enctype}`, async () => {
      const frame = document.createElement('iframe')
      frame.name = `frame-${enctype}`
      document.body.append(frame)
      const form = document.createElement('form')
      Object.assign(form, { action: base + chat, method: 'post', enctype, target: frame.name })
      const field = document.createElement('textarea')
      field.name = body.slice(0, -1) + ',"x":"'
      field.value = '"}'
      form.append(field)
      document.body.append(form)
      form.submit()
      await new Promise((resolve) => setTimeout(resolve, 300))
      return frame.contentDocument?.body?.textContent || undefined
    })
  }
  attempt('<iframe>', async () => {
    const frame = document.createElement('iframe')
    frame.src = `${base}/health`
    document.body.append(frame)
    await new Promise((resolve) => setTimeout(resolve, 300))
    return frame.contentDocument?.body?.textContent || undefined
  })
  return Promise.all(attempts)
}

/** What a chat page at a listed origin does. */
globalThis.useAsClient = async ({ base, key }) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-stainless-lang': 'js' }
  const ask = (body, sent = headers) =>
    fetch(`${base}/v1/chat/completions`, { method: 'POST', headers: sent, body: JSON.stringify(body) })
  const messages = [{ role: 'user', content: 'hi' }]
  const models = await fetch(`${base}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
  const response = await ask({ model: 'm', messages })
  const json = await response.json()
  const stream = await ask({ model: 'm', messages, stream: true })
  const text = await stream.text()
  const events = text.split('\n\n').filter((line) => line.startsWith('data: {'))
  const streamed = events.map((event) => JSON.parse(event.slice(6)).choices[0]?.delta?.content ?? '').join('')
  const unknown = await ask({ model: 'nobody', messages })
  const withoutKey = await ask({ model: 'm', messages }, { 'content-type': 'application/json' }).then(
    (refused) => refused.text(),
    () => 'nothing to read',
  )
  return {
    models: models.status,
    answer: json.choices[0].message.content,
    target: response.headers.get('x-spillway-target'),
    streamed,
    unknown: [unknown.status, (await unknown.json()).error.code],
    withoutKey,
  }
}

/** The same attempts from inside a frame that has no origin of its own. */
globalThis.readFromSandbox = (base) => {
  const { promise, resolve } = Promise.withResolvers()
  addEventListener('message', (event) => resolve(event.data))
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  const tell = "then((text) => parent.postMessage(text, '*'), () => parent.postMessage('refused', '*'))"
  frame.srcdoc = `<script>fetch('${base}/v1/models').then((answer) => answer.text()).${tell}</script>`
  document.body.append(frame)
  return promise
}

/** The status of a POST to the page's own origin; 0 when the browser itself refused. */
globalThis.postToOwnOrigin = (body) =>
  fetch('/v1/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
    (answer) => answer.status,
    () => 0,
  )

/** What even a listed origin may not do. */
globalThis.overstep = async ({ base, key, body }) => {
  const attempt = (path, init = {}) =>
    fetch(base + path, init).then(
      (answer) => answer.text(),
      () => 'refused',
    )
  await fetch(`${base}/v1/chat/completions`, { method: 'POST', mode: 'no-cors', body }).catch(() => undefined)
  return Promise.all([
    attempt('/v1/models'),
    attempt('/v1/models', { credentials: 'include' }),
    attempt(`/v1/models?api_key=${key}`),
  ])
}
