// Finds a kernel by what a contract calls it: op, version, and the profile's name or alias. Which kernels there are is
// the generated registry's to say.
import type { Kernel } from '@forge/shared/kernels/kernel.ts'
import { kernels } from '@forge/shared/kernels/registry.gen.ts'

export function findKernel(name: string, version: number, profile: string): Kernel | null {
  const fits = ({ id, aliases }: Kernel): boolean =>
    id.op === name && id.version === version && (id.profile === profile || aliases.includes(profile))
  return [...kernels.values()].find(fits) ?? null
}

/** `mc 1 insurance.v1 (or insurance.loss.v1)`, for the sentence that says what there is. */
export function kernelCatalogue(): string {
  const lines = [...kernels.values()].map(({ id, aliases }) => {
    const others = aliases.length === 0 ? '' : ` (or ${aliases.join(', ')})`
    return `${id.op} ${id.version} ${id.profile}${others}`
  })
  return lines.join('; ')
}
