// A number and what it counts.
import { count } from '../format.ts'

export const plural = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`
