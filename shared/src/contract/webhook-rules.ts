// What sender and pages both say of webhooks, without the schemas.

/** Given up in a row, each after all of its attempts, these disable a webhook: nobody is there. */
export const GIVEN_UP_MAX = 5
