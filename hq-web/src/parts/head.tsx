// The top of a view: its name, and in a sentence what it is for or why it shows nothing.
import type { ComponentChildren } from 'preact'

export const Head = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <div class="title">
    <div>
      <h1>{title}</h1>
      <p class="soft after">{children}</p>
    </div>
  </div>
)
