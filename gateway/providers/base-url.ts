/** Adds `/v1` to an address without a path (`http://gpu-box:8000`): people leave it out, these servers need it. */
export function withVersion(given: string): string {
  const url = withoutSlash(given)
  return /^[a-z]+:\/\/[^/]+$/i.test(url) ? `${url}/v1` : url
}

/** The address without slashes at its end. */
export function withoutSlash(given: string): string {
  let end = given.length
  while (given.charAt(end - 1) === '/') end -= 1
  return given.slice(0, end)
}
