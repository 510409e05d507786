/** One step of the tour: requests that are sent together, and what there is to see. */
export interface DemoSample {
  readonly title: string
  readonly prompts: readonly string[]
  readonly stream: boolean
}

/** The tour, in order. */
export const samples: readonly DemoSample[] = [
  {
    title: 'One request: the runner on this machine is free, so it answers.',
    prompts: ['What is a spillway?'],
    stream: true,
  },
  {
    title: 'Three at once: the runner has one slot, so two run over to the cloud.',
    prompts: ['What is a reservoir?', 'What is a weir?', 'What is a sluice?'],
    stream: true,
  },
  {
    title: 'One more, not streamed: the runner is free again.',
    prompts: ['What is a dam?'],
    stream: false,
  },
]
