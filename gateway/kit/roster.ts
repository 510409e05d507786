/** What a {@link Roster} holds: it remembers its own place there. */
export interface Placed {
  /** Written by the roster alone; -1 while it is in none. */
  place: number
}

/**
 * Members that come and go with every request. An array in which each knows its place, because a Set that is added to
 * and deleted from for ever grows through tables that keep dead members alive: measured, a third of all garbage then
 * survived into the old generation.
 */
export class Roster<Member extends Placed> {
  readonly #members: Member[] = []

  get size(): number {
    return this.#members.length
  }

  add(member: Member): void {
    member.place = this.#members.length
    this.#members.push(member)
  }

  /** Does nothing for one that is not here. */
  remove(member: Member): void {
    if (this.#members[member.place] !== member) return
    const last = this.#members.pop()
    if (last !== undefined && last !== member) {
      last.place = member.place
      this.#members[member.place] = last
    }
    member.place = -1
  }

  /** As they are now: they may leave while this is walked. */
  list(): readonly Member[] {
    return this.#members.slice()
  }
}
