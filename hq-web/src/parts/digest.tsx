// A digest in groups of eight, as a person compares it; it is copied and read as one.
import { groups } from '../format.ts'

export const Digest = ({ of }: { of: string }) => (
  <span class="dg">
    {groups(of).map((group, n) => (
      <span key={n}>{group}</span>
    ))}
  </span>
)
