/** So many missed sessions of a schedule are made up; more wait for a person. */
export const MADE_UP = 10

/** What people are told of a schedule that waits for one. */
export const HELD = `held: ${MADE_UP} missed sessions were made up, more wait`
