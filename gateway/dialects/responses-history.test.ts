import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import { openaiResponses } from './openai-responses.ts'
import { expandPrevious, expandReferences, storedItems } from './responses-history.ts'

const answer = { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi.' }] }
const first = { model: 'm', input: 'Hello', instructions: 'Be brief.' }

describe('a stored conversation', () => {
  it('stands before the next input, without the instructions of its own time', () => {
    const stored = storedItems(first, { id: 'resp_1', output: [answer] }) ?? []
    const body = expandPrevious({ model: 'm', previous_response_id: 'resp_1', input: 'And?' }, stored)
    expect(body).toEqual({
      model: 'm',
      input: [
        { type: 'message', role: 'user', content: 'Hello' },
        answer,
        { type: 'message', role: 'user', content: 'And?' },
      ],
    })
    const read = openaiResponses.parse(body)
    expect(isFailure(read) ? read : read.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })

  it('grows by every turn', () => {
    const stored = storedItems(first, { output: [answer] }) ?? []
    const second = expandPrevious({ model: 'm', previous_response_id: 'resp_1', input: [] }, stored)
    expect(storedItems(second, { output: [{ ...answer, id: 'msg_2' }] })).toHaveLength(3)
  })

  it('is not said twice where the client points back into it', () => {
    const stored = storedItems(first, { output: [answer] }) ?? []
    const input = [
      { type: 'item_reference', id: 'msg_1' },
      { role: 'user', content: 'And?' },
    ]
    expect(expandPrevious({ previous_response_id: 'resp_1', input }, stored)['input']).toEqual([...stored, input[1]])
  })

  it('is not kept where it is too large', () => {
    const input = 'x'.repeat(limits.storedResponseBytes)
    expect(storedItems({ input }, { output: [] })).toBeUndefined()
  })
})

describe('references to stored items', () => {
  it('are replaced by what is known, and left where nothing is', () => {
    const input = [
      { type: 'item_reference', id: 'msg_1' },
      { type: 'item_reference', id: 'msg_9' },
    ]
    const body = expandReferences({ input }, (id) => (id === 'msg_1' ? answer : undefined))
    expect(body['input']).toEqual([answer, input[1]])
  })

  it('leave a body without any as it is', () => {
    expect(expandReferences(first, () => answer)).toBe(first)
  })
})
