// Where a job may run: the names of pools and regions, as contracts, node tokens and addresses have them.
import { z } from 'zod'

/** A name in addresses and policies: short, and the same in every file system and log. */
const PLACE_CHARACTERS_MAX = 63

const label = (whose: string) =>
  z
    .string()
    .max(PLACE_CHARACTERS_MAX)
    .regex(/^[a-z\d]([a-z\d-]*[a-z\d])?$/, `${whose} has lower-case letters, digits and hyphens between them`)

export const poolNameSchema = label('a pool’s name')
/** Where agents are, in words that project and operator choose: `eu-west`. */
export const regionSchema = label('a region')
