// The head of a table: its columns in order, by what they are called.

interface HeadsProps {
  readonly of: Readonly<Record<string, string>>
  /** Which of them hold numbers, and stand at the right. */
  readonly right?: readonly string[]
}

export const Heads = ({ of, right = [] }: HeadsProps) => (
  <thead>
    <tr>
      {Object.entries(of).map(([name, head]) => (
        <th key={name} scope="col" class={right.includes(name) ? 'r' : undefined}>
          {head}
        </th>
      ))}
    </tr>
  </thead>
)
